/// Where a worker may make control groups (version 2) for its programs: decided of what files say, changing none.
///
/// A control group that is called `sweepd` says that the one above it was handed over to who is in it: systemd makes it so with
/// `DelegateSubgroup=sweepd`, a person by hand. Below any other nothing is made: it may be the system's own, or a session's.
/// Source: the kernel's "Control Group v2", sections "Delegation" and "No Internal Process Constraint".
package struct ControlGroupPlan: Hashable, Sendable {
    /// Why there can be none, in words.
    package struct Absence: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
        init(_ description: String) { self.description = description }
    }

    /// What is written to a file of a fresh group.
    package struct Setting: Hashable, Sendable {
        package let file: String
        package let text: String
        /// Whether the group is of no use without it; else the kernel may have been built without it.
        package let isMust: Bool
    }

    /// The name of the group of a worker to whom the one above it was handed over.
    package static let workersGroup = "sweepd"
    /// Controllers that are of use.
    private static let wanted = ["cpu", "memory", "pids"]
    /// Processes and threads of one program: beyond what data loaders and numeric libraries start on any machine, and few enough
    /// to leave a node usable.
    private static let processes = 4096

    /// The folder in which groups are made.
    package let base: String
    /// Controllers that groups there have, once `missing` are turned on for them.
    package private(set) var controllers: Set<String>
    package private(set) var missing: [String]

    /// `membership`: the text of `/proc/self/cgroup`; `root`: where version 2 is mounted; `read`: the text of a file, nil where it
    /// cannot be read; `mayWrite`: whether a file or folder may be written.
    package init(
        membership: String,
        root: String,
        read: (String) -> String?,
        mayWrite: (String) -> Bool
    ) throws(Absence) {
        // Of both versions at once, the line of the second has the number 0 and names no controller.
        guard read(root + "/cgroup.controllers") != nil,
            let line = membership.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })
        else { throw Absence("there are no control groups of version 2 at \(root)") }
        let own = line.dropFirst(3)
        let names = own.split(separator: "/")
        guard names.last == Self.workersGroup[...], !names.contains("..") else {
            throw Absence(
                "the worker is in the control group \(own), and not in one that is called \(Self.workersGroup): "
                    + "the one above it was not handed over"
            )
        }
        let place = names.dropLast().reduce(root) { "\($0)/\($1)" }
        guard mayWrite(place), mayWrite(place + "/cgroup.procs") else {
            throw Absence("the control group \(place) may not be written")
        }
        func words(_ file: String) -> Set<String> {
            Set((read("\(place)/\(file)") ?? "").split(whereSeparator: \.isWhitespace).map { String($0) })
        }
        let on = words("cgroup.subtree_control")
        let mayTurnOn = mayWrite(place + "/cgroup.subtree_control")
        let available = mayTurnOn ? words("cgroup.controllers") : []
        base = place
        missing = Self.wanted.filter { available.contains($0) && !on.contains($0) }
        controllers = Set(Self.wanted.filter { on.contains($0) }).union(missing)
        guard !controllers.isEmpty else {
            throw Absence(
                "the control group \(place) has none of the controllers \(Self.wanted.joined(separator: ", "))"
            )
        }
    }

    /// Turns on what is missing: `turnOn` takes the name of a controller and says why it cannot be. Such a one is left out, and the
    /// others limit what they can.
    ///
    /// What was left out, in words; throws the same where nothing remains.
    package mutating func turnOnMissing(_ turnOn: (String) -> String?) throws(Absence) -> [String] {
        var leftOut: [String] = []
        for controller in missing {
            guard let reason = turnOn(controller) else { continue }
            controllers.remove(controller)
            leftOut.append("\(controller) cannot be turned on in \(base)/cgroup.subtree_control: \(reason)")
        }
        missing = []
        guard !controllers.isEmpty else { throw Absence(leftOut.joined(separator: "; ")) }
        return leftOut
    }

    /// What the group of a program is set to that may take `memory` bytes, nil: any, and the time of `cores` cores.
    package func settings(memory: Int?, cores: Int) -> [Setting] {
        var settings: [Setting] = []
        if controllers.contains("memory"), let memory {
            settings = [
                Setting(file: "memory.max", text: String(memory), isMust: true),
                // What is moved to the disk is taken all the same.
                Setting(file: "memory.swap.max", text: "0", isMust: false),
                // All of it ends, not the one process that the kernel picks.
                Setting(file: "memory.oom.group", text: "1", isMust: true),
            ]
        }
        if controllers.contains("cpu") {
            // Microseconds of time in each 100,000.
            settings.append(Setting(file: "cpu.max", text: "\(cores * 100_000) 100000", isMust: true))
        }
        if controllers.contains("pids") {
            settings.append(Setting(file: "pids.max", text: String(Self.processes), isMust: true))
        }
        return settings
    }
}
