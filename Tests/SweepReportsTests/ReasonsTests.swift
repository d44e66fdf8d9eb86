import SweepCore
import SweepReports
import SweepSearch
import Testing

/// What `importance` and `explain` answer.
@Suite struct ReasonsTests {
    @Test func `importance is read back as it was`() throws {
        #expect(try ImportanceDocument(json: JSONValue(parsing: Samples.importance.json.bytes)) == Samples.importance)
    }

    @Test func `importance for people has shares in percent, where it is best, pairs and advice`() {
        let text = Samples.importance.plainText(width: nil)
        let row = text.split(separator: "\n").first { $0.hasPrefix("learning_rate") }
        #expect(
            row?.split(separator: " ").map(String.init) == ["learning_rate", "75.0", "5.0", "60.0", "0.001", "0.1"]
        )
        #expect(text.contains("learning_rate × activation"))
        for line in [
            "train.optimizer.adam.learning_rate: 6 of the 8 best lie at the low end; try a range from 1e-5",
            "train.batch_size: 7 of the 8 best lie at the high end; try a range up to 96",
            "train.epochs: all of the 8 best lie within 3 to 5; a narrower range saves trials",
            "train.model.mlp.activation: none of the 8 best has tanh, null; leave them out",
            "validation.loss of 80 configurations at epoch 3; the forest explains 87.5 % of results it has not seen; "
                + "2 far out or without a number count as the bound",
        ] { #expect(text.contains(line + "\n"), "\(line)\n\(text)") }
    }

    @Test func `a forest that explains little says so`() {
        let importance = Samples.importance.importance
        let document = ImportanceDocument(
            sweep: "digits",
            objective: Objective(metric: .validationAccuracy, direction: .maximize),
            comparedAt: nil,
            importance: Importance(
                parameters: importance.parameters,
                pairs: [],
                advice: [],
                explained: -0.5,
                configurations: 12,
                bounded: 0
            )
        )
        #expect(
            document.basis
                == "validation.accuracy of 12 configurations; the forest explains 0.0 % of results it has not seen, "
                + "so take the shares as hints"
        )
        // The best is where a maximised objective is greatest.
        let row = document.table.rows.first { $0[0] == "learning_rate" }
        #expect(row?[4] == "0.1" && row?[5] == "0.001")
    }

    private static func believed(_ reason: ProposalReason, _ beliefs: [TrialExplanation.Belief]) -> ExplanationDocument
    {
        let plain = Samples.explained(reason, state: .completed)
        return ExplanationDocument(
            sweep: plain.sweep,
            objective: plain.objective,
            state: plain.state,
            method: plain.method,
            picked: plain.picked,
            rule: plain.rule,
            rulePicked: plain.rulePicked,
            explanation: TrialExplanation(
                trial: plain.explanation.trial,
                configuration: plain.explanation.configuration,
                reason: reason,
                firstRun: plain.explanation.firstRun,
                results: plain.explanation.results,
                pending: plain.explanation.pending,
                neighbours: plain.explanation.neighbours,
                standings: plain.explanation.standings,
                beliefs: beliefs
            )
        )
    }

    @Test func `an explanation names the prior's part, where there is one`() throws {
        let beliefs = [TrialExplanation.Belief(path: "train.l2", logDensity: 1.25)]
        let weighed = ProposalReason.improvement(
            results: 12,
            pending: 0,
            mean: -1.5,
            deviation: 0.25,
            incumbent: -1.25,
            logImprovement: -2,
            priorPower: 0.75
        )
        for (reason, part) in [
            (.startup(results: 3, needed: 10), "the draw follows the prior"),
            (
                .densities(best: 2, others: 9, logBest: 1, logOthers: 0, candidates: 24, median: 0.5, rung: nil),
                "the prior is one kernel of both densities, of the weight of one new result"
            ),
            (weighed, "the prior multiplies the improvement, with a power that falls as results come"),
            (
                .generation(number: 0, run: 0, population: 6, stepSize: 0.2),
                "the first generation was drawn by the prior"
            ),
        ] as [(ProposalReason, String)] {
            let document = Self.believed(reason, beliefs)
            #expect(try ExplanationDocument(json: JSONValue(parsing: document.json.bytes)) == document)
            let line = "Prior: as likely as in an even draw times train.l2 e^1.25; \(part).\n"
            #expect(document.plainText(width: nil).contains(line), "\(document.plainText(width: nil))")
            let none = Self.believed(reason, [])
            #expect(!none.plainText(width: nil).contains("Prior"))
            #expect(none.json["proposal"]?["priors"] == nil)
        }
        // Of an option of weight 0 there is no logarithm.
        let never = Self.believed(.independent, [TrialExplanation.Belief(path: "train.l2", logDensity: -.infinity)])
        #expect(try ExplanationDocument(json: JSONValue(parsing: never.json.bytes)) == never)
        #expect(never.plainText(width: nil).contains("an even draw times train.l2 0; the draw follows the prior."))
        let text = Self.believed(weighed, beliefs).plainText(width: nil)
        let product =
            "greatest product of expected improvement, e^-2.00, and the prior to the power 0.75: of 12 results"
        #expect(text.contains(product))
    }

    @Test func `an explanation without one of its numbers is refused`() throws {
        let reason = ProposalReason.densities(
            best: 2,
            others: 9,
            logBest: 1,
            logOthers: 0,
            candidates: 24,
            median: 0.5,
            rung: nil
        )
        let whole = Self.believed(reason, [TrialExplanation.Belief(path: "train.l2", logDensity: 1.25)]).json.text()
        _ = try ExplanationDocument(json: JSONValue(parsing: Array(whole.utf8)))
        for key in ["log_density", "log_density_best", "median_log_quotient"] {
            let text = whole.replacing("\"\(key)\":", with: "\"absent\":")
            #expect(text != whole)
            do {
                _ = try ExplanationDocument(json: JSONValue(parsing: Array(text.utf8)))
                Issue.record("\(key) is missing")
            } catch let error as DocumentError { #expect(error.path.hasSuffix(key)) }
        }
    }

    @Test func `an explanation of a trial that failed says why it did`() {
        let reason = ProposalReason.startup(results: 3, needed: 10)
        let failed = Samples.explained(reason, state: .failed("its log ends: no module of that name"))
        #expect(failed.plainText(width: nil).contains("\nIt failed: its log ends: no module of that name\n"))
        #expect(!Samples.explained(reason, state: .completed).plainText(width: nil).contains("It failed"))
    }

    @Test(arguments: Samples.reasons.map { $0 as ProposalReason? } + [nil])
    func `an explanation is read back as it was, whatever its reason`(_ reason: ProposalReason?) throws {
        for state in [TrialState.completed, .paused, .pruned(.sweepEnded), .failed("out of memory")] {
            let document = Samples.explained(reason, state: state)
            let back = try ExplanationDocument(json: JSONValue(parsing: document.json.bytes))
            #expect(back == document)
            #expect(back.json == document.json)
        }
    }

    @Test func `an explanation for people tells why it was proposed and what it was compared with`() {
        let text = Samples.explanation.plainText(width: nil)
        for part in [
            "Trial 17: batch_size 32\n",
            "of 24 candidates it has the greatest quotient of densities, e^3.75 (the middle one e^0.50): among the 2 best at "
                + "epoch 3 e^1.50, among the 14 others e^-2.25.\n",
            "The search is auto: tpe, as parameters depend on choices.\n",
            "It repeats the configuration of trial 16 with another seed.\n",
            "Known then: 12 trials with a result, 3 without.\n", "went on to 9", "stopped",
            "Rule: asha, of the results at a level the best one in 3 go on. It is auto, as tpe learns from high rungs.\n",
        ] { #expect(text.contains(part), "\(part)\n\(text)") }
        let waited = Samples.explained(nil, state: .pruned(.sweepEnded)).plainText(width: nil)
        #expect(waited.contains("waited until the sweep ended") && waited.contains("another version of the program"))
    }

    @Test func `a status tells what auto picked, and nothing where the file names the method`() throws {
        var status = Samples.status
        #expect(!status.plainText().contains("search") && status.json["search"] == nil)
        status.search = StatusDocument.Choice(method: "gp", picked: "3 parameters and 40 configurations are few enough")
        #expect(try StatusDocument(json: JSONValue(parsing: status.json.bytes)) == status)
        #expect(status.plainText().contains("search   gp, as 3 parameters and 40 configurations are few enough\n"))
        status.search = StatusDocument.Choice(method: "tpe", picked: nil)
        #expect(try StatusDocument(json: JSONValue(parsing: status.json.bytes)) == status)
        #expect(!status.plainText().contains("search"))

        #expect(!status.plainText().contains("prune ") && status.json["prune"] == nil)
        status.prune = StatusDocument.Choice(method: "extrapolate", picked: "random needs no results")
        #expect(try StatusDocument(json: JSONValue(parsing: status.json.bytes)) == status)
        #expect(status.plainText().contains("prune    extrapolate, as random needs no results\n"))
        status.prune = StatusDocument.Choice(method: "asha", picked: nil)
        #expect(try StatusDocument(json: JSONValue(parsing: status.json.bytes)) == status)
        #expect(!status.plainText().contains("prune "))
    }
}
