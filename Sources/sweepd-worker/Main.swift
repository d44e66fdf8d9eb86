import SweepNodeCommands

@main
enum Main {
    static func main() async {
        await NodeCommand.runAndExit()
    }
}
