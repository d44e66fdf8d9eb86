import CProcess
import Glibc
package import SweepCore

/// What a training process does at this moment, in memory that outlives it: its parent reads it after a crash.
///
/// A record for each slot. A training thread writes its own record alone, and the parent reads when no writer lives, so no
/// lock is needed; the attempt, which is never zero, is written last and cleared first.
///
/// Sendable because the memory is written by one thread a record and lives as long as the object.
package final class SlotBoard: @unchecked Sendable {
    /// A trial that was being trained.
    package struct Entry: Hashable, Sendable {
        package let lease: LeaseID
        /// Epochs that were done.
        package let epoch: Int
        package init(lease: LeaseID, epoch: Int) {
            self.lease = lease
            self.epoch = epoch
        }
    }

    private struct Header {
        var incarnation: UInt64 = 0
        var slots: UInt64 = 0
        /// 1 when the coordinator has been told of everything that was inherited.
        var delivered: UInt64 = 0
    }

    private struct Record {
        var attempt: UInt32 = 0
        var sweep: UInt32 = 0
        var trial: UInt64 = 0
        var epoch: UInt64 = 0
    }

    /// The file behind it, for the process to inherit.
    package let descriptor: Int32
    package let slots: Int
    private let header: UnsafeMutablePointer<Header>
    private let records: UnsafeMutablePointer<Record>
    private let size: Int

    /// A fresh board for a worker with this incarnation; nil when the system gives no memory.
    package convenience init?(slots: Int, incarnation: UInt64) {
        let descriptor = cprocess_memory_file("sweepd-slots", Self.bytes(slots))
        guard descriptor >= 0 else { return nil }
        self.init(descriptor: descriptor, size: Self.bytes(slots), slots: slots)
        header.pointee = Header(incarnation: incarnation, slots: UInt64(slots), delivered: 1)
    }

    /// The board that a parent handed over; nil when the descriptor holds none.
    package convenience init?(inherited descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size >= MemoryLayout<Header>.stride else { return nil }
        let slots = (Int(status.st_size) - MemoryLayout<Header>.stride) / MemoryLayout<Record>.stride
        self.init(descriptor: descriptor, size: Int(status.st_size), slots: slots)
        guard header.pointee.slots == UInt64(slots), incarnation != 0 else { return nil }
    }

    private init?(descriptor: Int32, size: Int, slots: Int) {
        guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
        else {
            return nil
        }
        self.descriptor = descriptor
        self.slots = slots
        self.size = size
        header = memory.bindMemory(to: Header.self, capacity: 1)
        records = (memory + MemoryLayout<Header>.stride).bindMemory(to: Record.self, capacity: slots)
    }

    deinit {
        munmap(header, size)
        close(descriptor)
    }

    private static func bytes(_ slots: Int) -> Int {
        MemoryLayout<Header>.stride + slots * MemoryLayout<Record>.stride
    }

    /// The number under which all processes of this worker speak, one after the other.
    package var incarnation: UInt64 { header.pointee.incarnation }

    /// Whether the coordinator knows of everything that this process inherited.
    package var isDelivered: Bool {
        get { header.pointee.delivered == 1 }
        set { header.pointee.delivered = newValue ? 1 : 0 }
    }

    /// The slot begins a trial that has done `epoch` epochs.
    package func begin(_ slot: Int, _ lease: LeaseID, epoch: Int) {
        guard slot < slots else { return }
        records[slot] = Record(
            attempt: 0,
            sweep: lease.trial.sweep.rawValue,
            trial: UInt64(clamping: lease.trial.number),
            epoch: UInt64(clamping: epoch)
        )
        records[slot].attempt = lease.attempt.rawValue
    }

    /// The slot's trial has done `epoch` epochs.
    package func advance(_ slot: Int, epoch: Int) {
        guard slot < slots else { return }
        records[slot].epoch = UInt64(clamping: epoch)
    }

    /// The slot is done with its trial.
    package func end(_ slot: Int) {
        guard slot < slots else { return }
        records[slot].attempt = 0
    }

    /// What is being trained, by slot.
    package var entries: [Entry] {
        (0..<slots).compactMap { slot in
            let record = records[slot]
            guard record.attempt != 0, let number = Int(exactly: record.trial), let epoch = Int(exactly: record.epoch)
            else {
                return nil
            }
            let trial = TrialID(sweep: SweepID(rawValue: record.sweep), number: number)
            return Entry(lease: LeaseID(trial: trial, attempt: Attempt(rawValue: record.attempt)), epoch: epoch)
        }
    }

    /// Frees all slots, for the next process.
    package func clear() { for slot in 0..<slots { end(slot) } }
}
