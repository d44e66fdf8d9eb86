package import SweepCore

/// A sweep file that was read and found right, with the way back to its lines.
package struct SweepFile: Sendable {
    /// The file as the user named it.
    package let file: String
    package let sweep: Sweep
    package let sourceMap: SourceMap

    /// Reads the file at `path`, with the values of `overrides` (each `path=value`) in place of its own.
    package static func read(path: String, overrides: [String] = []) -> Result<SweepFile, SweepFileProblems> {
        do throws(FileTextFault) {
            return read(text: try FileText.read(path), file: path, overrides: overrides)
        } catch {
            let place = error.line.map { SourcePlace.file(line: $0, column: 1) }
            return .failure(
                SweepFileProblems(
                    file: path,
                    [LocatedProblem(place: place, kind: error.message, text: error.message)]
                )
            )
        }
    }

    /// Reads the text of a sweep file that messages call `file`.
    package static func read(
        text: String,
        file: String,
        overrides: [String] = []
    ) -> Result<SweepFile, SweepFileProblems> {
        var located: [LocatedProblem] = []
        var tree: YAMLTree
        do throws(YAMLFault) {
            (tree, located) = try YAMLReader.read(text)
        } catch {
            return .failure(SweepFileProblems(file: file, [error.located()]))
        }
        for text in overrides {
            switch Override.read(text) {
            case .success(let (override, problems)):
                located += problems
                if let fault = override.apply(to: &tree) { located.append(fault.located) }
            case .failure(let fault): located.append(fault.located)
            }
        }
        let problems = SpecProblems()
        var reader = TreeReader(problems: problems)
        let source = reader.node(tree, at: SpecPath(), keyPlace: tree.place)
        let sweep = Sweep.read(source, problems: problems)
        located += problems.all.map { LocatedProblem($0, in: reader.map) }
        guard located.isEmpty, let sweep else {
            return .failure(SweepFileProblems(file: file, located))
        }
        return .success(SweepFile(file: file, sweep: sweep, sourceMap: reader.map))
    }

    /// Problems that were found later (on the data, by the searcher), each with its line, one line of text each.
    package func render(_ problems: [SpecProblem]) -> [String] { located(problems).lines }

    /// Problems that were found later, each with its line.
    package func located(_ problems: [SpecProblem]) -> SweepFileProblems {
        SweepFileProblems(file: file, problems.map { LocatedProblem($0, in: sourceMap) })
    }
}
