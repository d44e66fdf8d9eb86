/// For which machines a program was made.
package enum ProgramMachine {
    /// Bytes of a program's file from which it is told.
    package static let headerLength = 20

    /// What `uname -s -m` says of a machine that the program runs on, by the first bytes of its file; nil for what is no ELF file, as a
    /// script, or of another machine than those that sweepd is built for. Source: elf(5), `e_machine`.
    package static func name(ofHeader header: [UInt8]) -> String? {
        guard header.count >= headerLength, header.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else { return nil }
        // Two bytes in the file's own order, which the sixth byte tells.
        let (low, high) = header[5] == 2 ? (header[19], header[18]) : (header[18], header[19])
        return switch Int(high) << 8 | Int(low) {
        case 62: "Linux x86_64"
        case 183: "Linux aarch64"
        default: nil
        }
    }
}
