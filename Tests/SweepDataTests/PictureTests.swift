import CZlib
import SweepCore
import SweepData
import SweepNumerics
import Testing

/// JPEG files of 8 × 8 pixels, each of one colour, written by libjpeg at quality 75.
enum JPEG {
    /// Grey 200.
    static let grey = decoded(
        """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcp\
        LDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAB//EABQQAQAAAAAAAAAAAAAAAAAA\
        AAD/2gAIAQEAAD8ASH//2Q==
        """
    )
    /// Red 200, green 100, blue 50.
    static let colour = decoded(
        """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcp\
        LDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy\
        MjIyMjIyMjIyMjIyMjL/wAARCAAIAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAUEAEAAAAAAAAAAAAA\
        AAAAAAAA/8QAFAEBAAAAAAAAAAAAAAAAAAAABv/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/AJgDRg//2Q==
        """
    )
    /// The same, in several scans.
    static let progressive = decoded(
        """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcp\
        LDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy\
        MjIyMjIyMjIyMjIyMjL/wgARCAAIAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAL/xAAUAQEAAAAAAAAAAAAA\
        AAAAAAAF/9oADAMBAAIQAxAAAAGQYx//xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAEFAn//xAAUEQEAAAAAAAAAAAAA\
        AAAAAAAA/9oACAEDAQE/AX//xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oACAECAQE/AX//xAAUEAEAAAAAAAAAAAAAAAAAAAAA\
        /9oACAEBAAY/An//xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAE/IX//2gAMAwEAAgADAAAAEAv/xAAUEQEAAAAAAAAA\
        AAAAAAAAAAAA/9oACAEDAQE/EH//xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oACAECAQE/EH//xAAUEAEAAAAAAAAAAAAAAAAA\
        AAAA/9oACAEBAAE/EH//2Q==
        """
    )
    /// Cyan, magenta, yellow and black.
    static let print = decoded(
        """
        /9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAIBgYHBgUIBwcHCQkICgwUDQwLCwwZEhMPFB0aHx4dGhwcICQuJyAiLCMcHCg3KSww\
        MTQ0NB8nOT04MjwuMzQy/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAcF/8QAFBABAAAAAAAA\
        AAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwBIQxiMX//Z
        """
    )

    private static func decoded(_ text: String) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var bits: UInt32 = 0
        var count = 0
        var bytes: [UInt8] = []
        for digit in text.utf8 {
            guard let value = alphabet.firstIndex(of: digit) else { continue }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}

/// A PNG file of 8 bits a channel; 1 channel grey, 3 colour, 4 colour with transparency.
func png(_ height: Int, _ width: Int, channels: Int, _ pixels: [UInt8]) -> [UInt8] {
    func big(_ word: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(word).bigEndian) { Array($0) } }
    func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + content
        return big(content.count) + body + big(Int(crc32(0, body, uInt(body.count))))
    }
    let rowSize = width * channels
    let rows = (0..<height).flatMap { [0] + pixels[$0 * rowSize..<($0 + 1) * rowSize] }
    var packed = [UInt8](repeating: 0, count: Int(compressBound(UInt(rows.count))))
    var size = UInt(packed.count)
    compress(&packed, &size, rows, UInt(rows.count))
    let colour: UInt8 = channels == 1 ? 0 : channels == 3 ? 2 : 6
    return [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10] + chunk("IHDR", big(width) + big(height) + [8, colour, 0, 0, 0])
        + chunk("IDAT", Array(packed[..<Int(size)])) + chunk("IEND", [])
}

@Suite struct `Folders of pictures` {
    private func load(
        _ files: [(name: String, bytes: [UInt8])],
        height: Int = 2,
        width: Int = 2,
        channels: Int = 1,
        fit: ImageFolder.Fit = .stretch,
        limits: FileBytes.Limits = FileBytes.Limits()
    ) -> Result<DataSet, DataProblems> {
        let folder = Folder()
        folder.makeFolder("p")
        for file in files {
            if let slash = file.name.firstIndex(of: "/") { folder.makeFolder("p/" + file.name[..<slash]) }
            folder.write("p/" + file.name, file.bytes)
        }
        let source = ImageFolder(path: "p", height: height, width: width, channels: channels, fit: fit)
        return DataSet.load(
            DataSpec(source: .folder(source), validation: .none),
            relativeTo: folder.path,
            limits: limits
        )
    }

    /// One picture beside three others that make two classes of it.
    private func fitted(
        _ picture: [UInt8],
        height: Int,
        width: Int,
        channels: Int = 1,
        fit: ImageFolder.Fit = .stretch
    ) throws -> [Float] {
        let other = png(1, 1, channels: 1, [9])
        let data = try load(
            [("a/1.png", picture), ("a/2.png", other), ("b/1.png", other), ("b/2.png", other)],
            height: height,
            width: width,
            channels: channels,
            fit: fit
        ).get()
        return Array(data.features[..<(height * width * channels)])
    }

    // covers: P7
    @Test func `subfolders are classes, sorted, and files are told by content`() throws {
        let data = try load([
            ("dog/b.jpg", png(2, 2, channels: 1, [1, 2, 3, 4])), ("dog/a.png", JPEG.grey),
            ("cat/z.PNG", png(2, 2, channels: 1, [5, 6, 7, 8])), ("cat/.hidden", [1]), ("notes.txt", [1]),
            ("cat/zz.jpeg", JPEG.grey),
        ]).get()
        #expect(classes(data) == ["cat", "dog"] && data.targets == .classes([0, 0, 1, 1]))
        #expect(data.schema.image == ImageShape(height: 2, width: 2))
        #expect(data.features == [5, 6, 7, 8, 200, 200, 200, 200, 200, 200, 200, 200, 1, 2, 3, 4])
        #expect(data.schema.features == ["pixel_0_0", "pixel_0_1", "pixel_1_0", "pixel_1_1"])
    }

    @Test func `colours are kept, made grey, or grey made colours`() throws {
        let red = png(1, 1, channels: 3, [255, 0, 0])
        #expect(try fitted(red, height: 1, width: 1, channels: 3) == [255, 0, 0])
        #expect(try fitted(png(1, 1, channels: 1, [7]), height: 1, width: 1, channels: 3) == [7, 7, 7])
        // libpng weighs red with 0.2126 in linear light (sRGB): 0.2126 is 127 of 255 there.
        #expect(abs(try fitted(red, height: 1, width: 1)[0] - 127) <= 1)
        // Transparent parts lie over black.
        #expect(try fitted(png(1, 1, channels: 4, [255, 255, 255, 0]), height: 1, width: 1, channels: 3) == [0, 0, 0])
        for jpeg in [JPEG.colour, JPEG.progressive] {
            let pixels = try fitted(jpeg, height: 8, width: 8, channels: 3)
            // Quality 75 quantises the mean of a block in steps of 2 (luminance) and 2 (chrominance): 3 a channel.
            for (index, value) in pixels.enumerated() { #expect(abs(value - [200, 100, 50][index % 3]) <= 3) }
            // 0.299, 0.587 and 0.114 of them.
            #expect(abs(try fitted(jpeg, height: 1, width: 1)[0] - 124.2) <= 3)
        }
    }

    @Test func `shrinking leaves no pixel out, growing goes evenly`() throws {
        let row = png(1, 4, channels: 1, [0, 40, 80, 120])
        #expect(try fitted(row, height: 1, width: 4) == [0, 40, 80, 120])
        // A triangle of half-width 2 about 1: the pixels at 0.5, 1.5, 2.5 weigh 0.75, 0.75, 0.25 of 1.75.
        #expect(try fitted(row, height: 1, width: 2) == [29, 91])
        #expect(try fitted(png(1, 2, channels: 1, [0, 100]), height: 1, width: 4) == [0, 25, 75, 100])
        let seed = freshSeed()
        var stream = RandomStream(key: seed)
        for _ in 0..<50 {
            // A picture of one grey stays so at any size.
            let (height, width) = (1 + stream.below(40), 1 + stream.below(40))
            let grey = UInt8(stream.below(256))
            let picture = png(height, width, channels: 1, [UInt8](repeating: grey, count: height * width))
            for fit in [ImageFolder.Fit.stretch, .crop] {
                let (tall, wide) = (1 + stream.below(40), 1 + stream.below(40))
                let pixels = try fitted(picture, height: tall, width: wide, fit: fit)
                #expect(pixels.allSatisfy { $0 == Float(grey) }, "seed \(seed)")
            }
        }
    }

    @Test func `crop cuts evenly, pad puts black around`() throws {
        let wide = png(2, 4, channels: 1, [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(try fitted(wide, height: 2, width: 2, fit: .crop) == [2, 3, 6, 7])
        #expect(try fitted(wide, height: 4, width: 4, fit: .pad) == [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0])
        let tall = png(4, 2, channels: 1, [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(try fitted(tall, height: 2, width: 2, fit: .crop) == [3, 4, 5, 6])
        #expect(try fitted(tall, height: 4, width: 4, fit: .pad) == [0, 1, 2, 0, 0, 3, 4, 0, 0, 5, 6, 0, 0, 7, 8, 0])
        // A line is never padded away.
        let line = png(1, 40, channels: 1, [UInt8](repeating: 80, count: 40))
        #expect(try fitted(line, height: 3, width: 4, fit: .pad) == [0, 0, 0, 0, 80, 80, 80, 80, 0, 0, 0, 0])
    }

    @Test func `all mistakes of a folder are told by file`() {
        let good = png(1, 1, channels: 1, [9])
        let found = lines(
            load([
                ("a/1.png", good), ("a/2.png", Array(good.dropLast(20))), ("a/3.txt", Array("text".utf8)), ("a/4", []),
                ("b/1.jpg", Array(JPEG.colour.dropLast(40))), ("b/2.jpg", JPEG.print), ("b/3.png", good),
            ])
        )
        #expect(found.count == 5, "\(found)")
        for (line, name) in zip(found, ["a/2.png", "a/3.txt", "a/4", "b/1.jpg", "b/2.jpg"]) {
            #expect(line.hasPrefix("p/\(name): the picture cannot be read: "), "\(line)")
            #expect(line.hasSuffix("; allowed: a whole PNG or JPEG file"), "\(line)")
        }
        #expect(
            found.dropFirst().first
                == "p/a/3.txt: the picture cannot be read: neither PNG nor JPEG; allowed: a whole PNG or JPEG file"
        )
        #expect(
            lines(load([])) == [
                "p: the folder has no subfolders; allowed: a subfolder a class, with PNG or JPEG files in it"
            ]
        )
        #expect(
            lines(load([("a/1.png", good), ("a/2.png", good)])) == [
                "p: the target 'folder' has a single class; found 'a' in all rows; allowed: at least two classes"
            ]
        )
    }

    @Test func `sizes have limits before anything is allocated`() {
        // 2^30 pixels in a header, and no pixels.
        var bomb = png(1, 1, channels: 1, [0])
        for (offset, byte) in [0, 0, 128, 0, 0, 0, 128, 0].enumerated() { bomb[16 + offset] = UInt8(byte) }
        let checksum = UInt32(crc32(0, Array(bomb[12..<29]), 17))
        for index in 0..<4 { bomb[29 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * index)) }
        #expect(
            lines(load([("a/1.png", bomb)])) == [
                "p/a/1.png: the picture is too large; found 32768 × 32768 pixels; allowed: at most 134217728"
            ]
        )
        let good = png(1, 1, channels: 1, [9])
        let limits = FileBytes.Limits(stored: 1 << 20, unpacked: 1 << 20)
        #expect(
            lines(load([("a/1.png", good)], height: 1024, width: 1024, limits: limits)) == [
                "p: the pictures are too many for their size; found 1 of 1024 × 1024 × 1; "
                    + "allowed: at most 1048576 bytes, 4 a value"
            ]
        )
    }

    @Test func `no change of a picture's bytes ends the process`() {
        let seed = freshSeed()
        var stream = RandomStream(key: seed)
        let pictures = [
            JPEG.colour, JPEG.progressive, JPEG.grey, JPEG.print,
            png(3, 5, channels: 3, (0..<45).map { UInt8($0) }), png(2, 2, channels: 4, (0..<16).map { UInt8($0) }),
        ]
        var refused = 0
        for round in 0..<1500 {
            var bytes = pictures[round % pictures.count]
            for _ in 0...stream.below(3) {
                let index = stream.below(bytes.count)
                switch stream.below(4) {
                case 0: bytes[index] = UInt8(stream.below(256))
                case 1: bytes[index] ^= 1 << UInt8(stream.below(8))
                case 2: bytes.remove(at: index)
                default: bytes.insert(UInt8(stream.below(256)), at: index)
                }
            }
            if !lines(load([("a/1", bytes), ("a/2", pictures[5]), ("b/1", pictures[5])], channels: 3)).isEmpty {
                refused += 1
            }
        }
        #expect(refused > 300, "seed \(seed)")
        for picture in pictures { for count in 0..<picture.count { _ = load([("a/1", Array(picture[..<count]))]) } }
    }
}
