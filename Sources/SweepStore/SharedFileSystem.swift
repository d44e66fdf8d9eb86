import Glibc

/// A file system that several machines may share.
///
/// There a directory's lock is worth what the file system makes of it (an NFS that was mounted without locks lets a second coordinator in
/// from another machine), and each commit waits for the network.
package struct SharedFileSystem: Hashable, Sendable {
    /// Its usual name.
    package let name: String

    /// The one with this number of statfs(2); nil for every other: those of one machine, and FUSE, which may be anything.
    package init?(type: Int) {
        // Numbers of 32 bits, in Linux' include/uapi/linux/magic.h and in the file systems' own sources.
        switch UInt32(truncatingIfNeeded: type) {
        case 0x6969: name = "NFS"
        case 0x517B, 0xFE53_4D42, 0xFF53_4D42: name = "SMB"
        case 0x5346_414F, 0x6B41_4653: name = "AFS"
        case 0x00C3_6400: name = "Ceph"
        case 0x0BD0_0BD0: name = "Lustre"
        case 0x4750_4653: name = "GPFS"
        case 0x1983_0326: name = "BeeGFS"
        default: return nil
        }
    }

    /// The one that holds what is at `path`; nil where that is of one machine, or not there.
    package init?(holding path: String) {
        var found = Glibc.statfs()
        guard Glibc.statfs(path, &found) == 0 else { return nil }
        self.init(type: Int(found.f_type))
    }
}
