import SweepStore
import Testing

@Suite struct SharedFileSystemTests {
    private static let mounts = """
        21 1 0:20 / / rw,relatime - ext4 /dev/sda1 rw
        22 21 0:21 / /proc rw,nosuid shared:5 - proc proc rw
        23 21 0:22 / /home rw,relatime shared:7 master:1 - nfs4 server:/home rw,vers=4.2
        24 23 0:23 / /home/local rw - xfs /dev/sdb1 rw
        25 21 0:24 /sub /mnt/two\\040words rw - cifs //server/share rw
        26 21 0:25 / /data rw - ext4 /dev/sdc1 rw
        27 21 0:26 / /data rw - lustre mgs@tcp:/data rw
        a line that is none
        28 21 0:27 / /short rw -
        """

    @Test func `file systems that machines share have a name, all others none`() {
        let shared = [
            "nfs": "NFS", "nfs4": "NFS", "cifs": "SMB", "smb3": "SMB", "afs": "AFS", "ceph": "Ceph", "lustre": "Lustre",
            "gpfs": "GPFS", "beegfs": "BeeGFS",
        ]
        for (type, name) in shared { #expect(SharedFileSystem(type: type)?.name == name) }
        for type in ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuse.sshfs", "nfsd", ""] {
            #expect(SharedFileSystem(type: type) == nil)
        }
    }

    @Test(
        arguments: [
            ("/home/me/lab.sweepd", "NFS"), ("/home", "NFS"), ("/mnt/two words/x", "SMB"), ("/data/x", "Lustre"),
            ("/homes/x", nil), ("/home/local/x", nil), ("/proc/1", nil), ("/", nil), ("/short/x", nil),
        ] as [(String, String?)]
    )
    func `what holds a path is the innermost mount, and the newest of two`(_ path: String, _ name: String?) {
        #expect(SharedFileSystem(holding: path, mounts: Self.mounts)?.name == name)
    }

    @Test func `what this machine has for itself is not shared, nor is what is not there`() {
        #expect(SharedFileSystem(holding: "/proc") == nil)
        #expect(SharedFileSystem(holding: "/proc/there-is-no-such-file") == nil)
        #expect(SharedFileSystem(holding: "/x", mounts: "") == nil)
    }
}
