import SweepCommands
import SweepNodeCommands

@main
enum Main {
    static func main() async {
        await SweepdCommand.runAndExit()
    }
}
