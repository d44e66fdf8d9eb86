import KernelAPI
import SweepKernels
import Testing

struct `Choice of kernels` {
    @Test func `the fastest the processor can run is the default`() throws {
        let fastest = try #require(KernelTable.available.last)
        #expect(try KernelTable.selected().name == fastest.name)
        #expect(try KernelTable.selected(override: "").name == fastest.name)
    }

    @Test(arguments: KernelTable.available)
    func `any the processor can run may be named`(table: KernelTable) throws {
        #expect(try KernelTable.selected(override: table.name).name == table.name)
    }

    @Test func `another name is an error that lists the names`() {
        let error = #expect(throws: KernelSelectionError.self) { try KernelTable.selected(override: "avx") }
        guard case .unknown(name: "avx", let known)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(KernelTable.available.map(\.name) == Array(known.prefix(KernelTable.available.count)))
        #expect(error?.description.contains(known[0]) == true)
    }

    @Test func `a table the processor lacks instructions for is an error`() throws {
        let all = KernelTable.available
        let fastest = try #require(all.last)
        guard all.count > 1 else { return }
        let lesser = Array(all.dropLast())
        #expect(throws: KernelSelectionError.unsupported(name: fastest.name, available: lesser.map(\.name))) {
            try KernelTable.selected(override: fastest.name, among: lesser)
        }
        #expect(try KernelTable.selected(among: lesser).name == lesser.last?.name)
    }
}

struct Storage {
    @Test func `buffers are zero, aligned and begin at different cache lines`() {
        let arena = Arena()
        let buffers = (0..<64).map { _ in arena.floats(1000) }
        #expect(buffers.allSatisfy { $0.count == 1008 && $0.allSatisfy { $0 == 0 } })
        let lines = buffers.map { Int(bitPattern: $0.baseAddress!) % 4096 }
        #expect(lines.allSatisfy { $0 % 64 == 0 })
        #expect(Set(lines).count == 64)
    }

    @Test func `a fenced buffer tells who writes beside it, and has NaNs there to be read`() throws {
        // Before the first, behind the last, and at the far ends of the fences.
        for place in [-1, -1024, 1008, 2031] {
            let arena = Arena(fenced: true)
            let buffers = try (0..<3).map { _ in try #require(arena.floats(1000).baseAddress) }
            for buffer in buffers {
                #expect((0..<1008).allSatisfy { buffer[$0] == 0 })
                for index in 0..<1008 { buffer[index] = 1 }
            }
            #expect(arena.brokenFence == nil)
            #expect(buffers[1][place].isNaN)
            buffers[1][place] = 0
            #expect(arena.brokenFence == 1)
        }
        #expect(Arena().brokenFence == nil)
    }

    @Test func `rows are whole vectors and never a multiple of a kibibyte apart`() {
        for columns in 1...1100 {
            let stride = RowLayout.stride(columns: columns)
            #expect(stride % 16 == 0 && stride >= columns && stride % 256 != 0 && stride < columns + 32)
        }
    }

    @Test(arguments: [(1, 1), (3, 20), (16, 16), (17, 33)])
    func `a matrix survives packing and its padding is zero`(rows: Int, columns: Int) {
        var random = TestRandom(2)
        let layout = PanelLayout(rows: rows, columns: columns)
        let source = Fenced(rows * columns, random: &random)
        let panels = Fenced<Float>(layout.count, repeating: .nan)
        let back = Fenced<Float>(rows * columns, repeating: .nan)
        layout.pack(rowMajor: source.base, into: panels.base)
        layout.unpack(panels: panels.base, intoRowMajor: back.base)
        #expect(back.elements == source.elements)
        #expect(panels.elements.count { $0 != 0 } == source.elements.count { $0 != 0 })
        #expect(panels.base[layout.offset(row: rows - 1, column: columns - 1)] == source.elements.last)
    }
}
