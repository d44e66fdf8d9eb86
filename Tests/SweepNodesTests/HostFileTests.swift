import SweepNodes
import SweepReports
import Testing

@Suite struct HostFileTests {
    @Test func `hosts with ports, users, addresses and settings`() {
        let (hosts, mistakes) = HostFile.read(
            """
            # the lab
            node1

              node2   slots=8 label=rack=2 label=gpu=yes   # the fast one
            trainer@node3:2222 name=big directory=/scratch/sweepd
            [fd00::7]:22 name=six
            fd00::8 name=eight
            10.0.0.9
            """
        )
        #expect(mistakes.isEmpty)
        #expect(
            hosts == [
                ListedHost(target: "node1", name: "node1"),
                ListedHost(target: "node2", name: "node2", slots: 8, labels: ["rack=2", "gpu=yes"]),
                ListedHost(target: "trainer@node3", port: 2222, name: "big", directory: "/scratch/sweepd"),
                ListedHost(target: "fd00::7", port: 22, name: "six"), ListedHost(target: "fd00::8", name: "eight"),
                ListedHost(target: "10.0.0.9", name: "10.0.0.9"),
            ]
        )
    }

    @Test(arguments: [
        ("-oProxyCommand=x", 1), ("node1;reboot", 1), ("node1 --slots", 7), ("node1 slots=0", 7), ("node1 slots=x", 7),
        ("node1 label=rack", 7), ("node1 label==2", 7), ("node1 name=a/b", 7), ("node1 name=-a", 7),
        ("node1 directory=$HOME", 7), ("node1 directory=a'b", 7), ("node1:0", 1), ("node1:99999", 1), ("node1:ssh", 1),
        ("@node1", 1), ("root@", 1), ("root@-x", 1), ("fd00::8", 1), ("a  b=c", 4), ("", 1), ("# none", 1),
    ])
    func `what is wrong is told with its place, and no host comes of it`(_ text: String, _ column: Int) {
        let (hosts, mistakes) = HostFile.read(text)
        #expect(hosts.isEmpty)
        #expect(mistakes.map(\.line) == [1])
        #expect(mistakes.map(\.column) == [column])
    }

    @Test func `every mistake is told, and a name twice is one`() {
        let (hosts, mistakes) = HostFile.read("node1\nroot@node1\nnode2 x=1\nnode3 slots=0\nroot@node1 name=other\n")
        #expect(hosts.map(\.name) == ["node1", "other"])
        #expect(mistakes.map(\.line) == [2, 3, 4])
        #expect(mistakes[0].text.contains("line 1"))
    }

    @Test func `of a script's answer only its own lines count`() {
        let answer = RemoteAnswer(
            "Welcome!\nsweepd-up machine Linux x86_64\nsweepd-up absent -\n sweepd-up no 1\nsweepd-up mark\n"
        )
        #expect(answer["machine"] == "Linux x86_64")
        #expect(answer["absent"] == "-")
        #expect(answer["mark"] == "")
        #expect(answer["no"] == nil)
    }

    @Test func `what a worker is to have, its doctor is told`() {
        let words = [
            "--connect", "tcp://a:7700", "--slots", "2", "--label", "rack=2", "--drain-time", "9", "--slots=8",
            "--label=gpu=yes", "--commands", "--labels", "x",
        ]
        #expect(
            WorkerWords.doctor(words) == ["--slots", "8", "--label", "rack=2", "--label", "gpu=yes", "--commands"]
        )
        #expect(WorkerWords.doctor(["--connect", "tcp://a:7700", "--drain-time=9"]) == [])
        #expect(WorkerWords.values(of: "--drain-time", in: words + ["--drain-time=5"]) == ["9", "5"])
        #expect(WorkerWords.values(of: "--slots", in: ["--slots"]) == [])
    }

    @Test func `words of a shell keep their quotes`() {
        #expect(ShellWord.quoted("a'b $c") == "'a'\\''b $c'")
        let host = ListedHost(target: "n", name: "n")
        let script = RemoteScripts(host).examine(["--key", RemoteScripts(host).keyArgument, "--label", "a=$(x) 'b'"])
        #expect(script.contains("'--key' \"$d\"'/n.key' '--label' 'a=$(x) '\\''b'\\'''"))
    }
}

@Suite struct ProgramMachineTests {
    private func header(_ machine: [UInt8], order: UInt8 = 1) -> [UInt8] {
        [0x7f, 0x45, 0x4c, 0x46, 2, order] + [UInt8](repeating: 0, count: 12) + machine
    }

    @Test func `a program's file tells its machine`() {
        #expect(ProgramMachine.name(ofHeader: header([62, 0])) == "Linux x86_64")
        #expect(ProgramMachine.name(ofHeader: header([183, 0])) == "Linux aarch64")
        #expect(ProgramMachine.name(ofHeader: header([0, 183], order: 2)) == "Linux aarch64")
    }

    @Test func `a script, a short file and another machine tell none`() {
        #expect(ProgramMachine.name(ofHeader: Array("#!/bin/sh\nexec sweepd".utf8)) == nil)
        #expect(ProgramMachine.name(ofHeader: Array(header([62, 0]).dropLast())) == nil)
        #expect(ProgramMachine.name(ofHeader: header([243, 0])) == nil)
        #expect(ProgramMachine.name(ofHeader: []) == nil)
    }
}
