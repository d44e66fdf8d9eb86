import SweepCommands

@main
enum Main {
    static func main() async {
        await SweepdCommand.runAndExit()
    }
}
