import SweepStore
import Testing

@Suite struct SharedFileSystemTests {
    @Test func `file systems that machines share have a name, all others none`() {
        let shared = [
            0x6969: "NFS", 0x517B: "SMB", 0xFE53_4D42: "SMB", 0xFF53_4D42: "SMB", 0x00C3_6400: "Ceph",
            0x0BD0_0BD0: "Lustre", 0x4750_4653: "GPFS", 0x1983_0326: "BeeGFS", 0x5346_414F: "AFS",
        ]
        for (type, name) in shared {
            #expect(SharedFileSystem(type: type)?.name == name)
            // A number of 32 bits is the same with a sign.
            #expect(SharedFileSystem(type: Int(Int32(truncatingIfNeeded: type)))?.name == name)
        }
        // ext4, xfs, btrfs, tmpfs, overlay, FUSE.
        for type in [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x794C_7630, 0x6573_5546] {
            #expect(SharedFileSystem(type: type) == nil)
        }
    }

    @Test func `what this machine has for itself is not shared, nor is what is not there`() {
        #expect(SharedFileSystem(holding: "/proc") == nil)
        #expect(SharedFileSystem(holding: "/proc/there-is-no-such-file") == nil)
    }
}
