import SweepReports

/// Where a judgement turns; each with its reason.
package enum NodeLimits {
    /// Logs and curves carry the wall's clock: a second apart, lines of two machines stand in the wrong order.
    package static let clockSeconds = 1.0
    /// Trained alone, the model that is measured comes to 0.6 to 0.8 of what a core does in registers; a share below this shows a
    /// core that waits for memory or for its neighbour on the same core.
    package static let peakShare = 0.35
    /// A core that is shared so much takes a quarter more time for everything.
    package static let coreShare = 0.8
    /// Half an octave below what the coordinator's workers do: nearer to a machine of half their speed than to them. Octaves are what
    /// it tells the paces of its workers apart by.
    package static let fellowShare = 0.7
    /// Prepared rows of more than 1 GiB are mapped from a file: below twice that, a large data set may not find room.
    package static let diskBytes = 2 << 30
    /// Below this not even logs find room.
    package static let leastDiskBytes = 64 << 20
    /// A slot holds a network, its gradients, its optimizer's state and a batch: with less than this, large ones do not fit.
    package static let memoryBytesOfSlot = 256 << 20
    /// The program and a small data set take this much before a trial does.
    package static let leastMemoryBytesOfSlot = 64 << 20
    /// Open files of a worker beside those of its slots: its socket, its pipes, its libraries.
    package static let files = 64
    /// Open files of a slot: a mapped data set, a checkpoint.
    package static let filesOfSlot = 4
}

extension NodeFacts {
    /// Every judgement, in the order in which one would look.
    package var checks: [NodeCheck] {
        let answered: [NodeCheck?] = [versionCheck, coreCheck]
        let here: [NodeCheck?] = [
            kernelCheck, slotCheck, speedCheck, clockCheck, diskCheck, memoryCheck, fileCheck, sweepCheck,
        ]
        return connectionChecks + (answered + here).compactMap { $0 }
    }

    /// The port, and the key when the port answers.
    private var connectionChecks: [NodeCheck] {
        switch connection {
        case .unresolved(let reason):
            [
                .fail(
                    .port,
                    "\(endpoint): the host's name is not known here (\(reason))",
                    "give an address, or enter the name in /etc/hosts or in DNS"
                )
            ]
        case .refused:
            [
                .fail(
                    .port,
                    "\(endpoint): nothing listens there",
                    "start `sweepd coordinator --listen 'tcp://*:PORT'` there, or give the port on which it listens"
                )
            ]
        case .silent(let seconds):
            [
                .fail(
                    .port,
                    "\(endpoint): no answer in \(NumberText.significant(seconds, digits: 2)) s",
                    "is the machine up, and does a firewall between the two let TCP to this port through?"
                )
            ]
        case .impossible(let reason):
            [.fail(.port, "\(endpoint): \(reason)", "mend the network between the two machines")]
        case .strange(let hasKeys):
            [
                .ok(.port, "\(endpoint) is open"),
                .fail(
                    .key,
                    "no handshake with what listens there",
                    hasKeys
                        ? "compare --server-key with what `sweepd keys show DIR/coordinator.key` prints there; is it sweepd?"
                        : "the coordinator wants keys: join with the line that `sweepd invite` prints there; or it is not sweepd"
                ),
            ]
        case .otherProtocol(let hasKeys, let sentence):
            [
                .ok(.port, "\(endpoint) is open"), keyCheck(hasKeys),
                .fail(
                    .version,
                    "\(software.version), protocol \(software.protocols), here; the coordinator says: \(sentence)",
                    "use the same version on both machines; `sweepd up` copies the coordinator's"
                ),
            ]
        case .unknownKey(let publicKey):
            [
                .ok(.port, "\(endpoint) is open"),
                .fail(
                    .key,
                    "the coordinator does not allow this machine's key",
                    "there: sweepd keys allow '\(publicKey)' --name \(host) --directory DIR"
                ),
            ]
        case .established(let hasKeys, let roundTrip):
            [
                .ok(
                    .port,
                    "\(endpoint) answers in \(NumberText.significant(roundTrip * 1000, digits: 2)) ms"
                ), keyCheck(hasKeys),
            ]
        }
    }

    private func keyCheck(_ hasKeys: Bool) -> NodeCheck {
        guard hasKeys else { return .ok(.key, "none is needed on this machine's loopback") }
        guard let role = coordinator?.role else { return .ok(.key, "accepted") }
        // What a role may do is SweepMessaging's to say; that these two may train is the protocol's.
        guard role == "worker" || role == "admin" else {
            return .fail(
                .key,
                "accepted as \(role), which may not train",
                "there: sweepd keys allow 'KEY' --role worker --name \(host) --directory DIR"
            )
        }
        return .ok(.key, "accepted as \(role)")
    }

    private var versionCheck: NodeCheck? {
        guard case .established = connection else { return nil }
        guard let other = coordinator?.software else {
            return .warn(
                .version,
                "\(software.version) here; the coordinator does not say which it is",
                "it is older: update it, or use its version here"
            )
        }
        guard let agreed = software.agreement(with: other) else {
            return .fail(
                .version,
                "protocol \(software.protocols) here, \(other.protocols) at the coordinator",
                "use the same version on both: \(other.version) there, \(software.version) here"
            )
        }
        guard other.version == software.version else {
            return .warn(
                .version,
                "\(software.version) here, \(other.version) at the coordinator",
                "they speak protocol \(agreed) with each other; `sweepd up` copies the coordinator's"
            )
        }
        return .ok(.version, "\(software.version), protocol \(agreed), as the coordinator")
    }

    private var coreCheck: NodeCheck? {
        guard let other = coordinator?.software else { return nil }
        guard other.core == software.core else {
            return .warn(
                .core,
                "training core \(software.core) here, \(other.core) at the coordinator",
                "this machine gets no trial of a sweep begun with core \(other.core); use the same version"
            )
        }
        return .ok(.core, "training core \(software.core), as the coordinator: the same bits")
    }

    private var kernelCheck: NodeCheck {
        let name = processor.model.isEmpty ? "" : " on \(processor.model)"
        let best = processor.available.last ?? processor.kernels
        if processor.kernels != best {
            return .warn(
                .kernels,
                "\(processor.kernels)\(name), which has \(best)",
                "SWEEPD_KERNELS chooses the slower one: unset it"
            )
        }
        if processor.kernels == "v2" {
            return .warn(
                .kernels,
                "v2\(name): no AVX2 and FMA",
                "the same bits, a hundred times slower: in a virtual machine let the guest see the processor's own features, "
                    + "else use another machine"
            )
        }
        return .ok(.kernels, "\(processor.kernels)\(name)")
    }

    /// Cores that the worker can really have.
    private var usableCores: Double { min(Double(processor.cores), processor.quota ?? .infinity) }

    private var slotCheck: NodeCheck {
        let cores =
            processor.quota.map {
                "\(processor.cores) cores, of which the control group grants \(NumberText.significant($0, digits: 3))"
            } ?? "\(processor.cores) cores"
        guard Double(slots) <= usableCores.rounded(.up) else {
            return .warn(
                .slots,
                "\(slots) slots on \(cores)",
                "trials would take turns: --slots \(max(1, Int(usableCores.rounded(.down))))"
            )
        }
        return .ok(.slots, "\(slots) on \(cores)")
    }

    private var speedCheck: NodeCheck? {
        guard let speed else { return nil }
        let share = speed.peakGflops > 0 ? speed.gflops / speed.peakGflops : 0
        let found =
            "\(NumberText.significant(speed.samplesPerSecond, digits: 3)) samples/s a core on \(speed.model), "
            + "\(NumberText.significant(speed.gflops, digits: 3)) of \(NumberText.significant(speed.peakGflops, digits: 3)) GFLOP/s\(comparison)"
        if speed.coreShare < NodeLimits.coreShare {
            return .warn(
                .speed,
                "\(found); the core was there for \(Int((speed.coreShare * 100).rounded())) % of the time",
                "other programs compute here: stop them, or take fewer slots"
            )
        }
        if let shareOfFellows, shareOfFellows < NodeLimits.fellowShare {
            return .warn(.speed, found, slownessAdvice)
        }
        if share < NodeLimits.peakShare {
            return .warn(
                .speed,
                found,
                "far below what the core can do: a neighbour on the same core, or slow memory; compare with `sweepd bench core` at rest"
            )
        }
        return .ok(.speed, found)
    }

    private var clockCheck: NodeCheck? {
        guard let coordinator, case .established(_, let roundTrip) = connection else { return nil }
        let apart = coordinator.clockDifference.magnitude
        let text = "\(NumberText.significant(apart, digits: 2)) s from the coordinator's"
        // The answer was under way for part of the round trip: that much is not known.
        guard apart <= NodeLimits.clockSeconds + roundTrip else {
            return .warn(
                .clock,
                text,
                "nothing is decided by it, but times in logs do not fit together: run chrony or systemd-timesyncd on both"
            )
        }
        return .ok(.clock, text)
    }

    private var diskCheck: NodeCheck? {
        guard let disk else { return nil }
        let found = "\(NumberText.bytes(disk.freeBytes)) free in \(disk.path)"
        if disk.freeBytes < NodeLimits.leastDiskBytes {
            return .fail(.disk, found, "make room there, or set TMPDIR to a folder on another disk")
        }
        if disk.freeBytes < NodeLimits.diskBytes {
            return .warn(
                .disk,
                found,
                "data sets beyond 1 GiB of prepared rows need more: make room, or set TMPDIR to a folder on another disk"
            )
        }
        return .ok(.disk, found)
    }

    private var memoryCheck: NodeCheck? {
        guard let memory else { return nil }
        let each = memory.availableBytes / max(1, slots)
        let found =
            "\(NumberText.bytes(memory.availableBytes)) available\(memory.isLimited ? " in its control group" : ""), "
            + "\(NumberText.bytes(each)) a slot"
        let fewer = max(1, memory.availableBytes / NodeLimits.memoryBytesOfSlot)
        if each < NodeLimits.leastMemoryBytesOfSlot {
            return .fail(.memory, found, "take fewer slots (--slots \(fewer)), or give it more memory")
        }
        if each < NodeLimits.memoryBytesOfSlot {
            return .warn(.memory, found, "large networks may not fit: --slots \(fewer)")
        }
        return .ok(.memory, found)
    }

    private var fileCheck: NodeCheck? {
        guard let files else { return nil }
        let needed = NodeLimits.files + NodeLimits.filesOfSlot * slots
        let found = "\(files.soft) open files, at most \(files.hard)"
        if files.hard < needed {
            return .fail(
                .files,
                found,
                "a worker of \(slots) slots needs \(needed): raise the hard limit (ulimit -H -n, LimitNOFILE= in a unit)"
            )
        }
        if files.soft < needed {
            return .warn(.files, found, "a worker of \(slots) slots needs \(needed): ulimit -n \(needed)")
        }
        return .ok(.files, found)
    }
}
