import SweepReports

/// What is run on a host, as texts for `sh`; each answers in lines of a word and its value (see `RemoteAnswer`).
///
/// All that a host needs is a shell, the tools of any Unix (`cat`, `mkdir`, `mv`, `kill`, `tr`, `grep`) and `/proc`. A script stands
/// in braces, so that the shell has read it whole before any command of it can read from the same input.
package struct RemoteScripts: Sendable {
    private let host: ListedHost
    private let key: String

    /// Scripts for one host.
    package init(_ host: ListedHost) {
        self.host = host
        key = "\(host.name).key"
    }

    /// What the worker was started with, as one line: another one means that it is to be started anew.
    ///
    /// - Parameter program: what changes when the program does.
    package static func mark(program: String, arguments: [String]) -> String {
        ([program] + arguments).map(ShellWord.quoted).joined(separator: " ")
    }

    /// Makes the folder and says what is there: `machine`, `program` (its SHA-256), `running` (a process id), `mark`.
    package var survey: String {
        script(
            """
            mkdir -p "$d/bin" 2>/dev/null || { say problem "$d cannot be made"; exit; }
            say machine "$(uname -s) $(uname -m)"
            [ -f "$d/bin/sweepd" ] && say program "$(sha256sum <"$d/bin/sweepd" 2>/dev/null | cut -d ' ' -f 1)"
            [ -f "$d/\(host.name).mark" ] && say mark "$(cat "$d/\(host.name).mark")"
            pid=$(worker) && say running "$pid"
            """
        )
    }

    /// A command for the login shell that keeps what it reads as the program, whole or not at all.
    package var upload: String {
        let folder = host.directory.hasPrefix("/") ? host.directory : "./\(host.directory)"
        let program = "\(folder)/bin/sweepd"
        // No word of it means anything to any shell; the folder's letters were looked at when the host file was read.
        // Two workers of one host may be set up at once.
        let new = "\(program).new.\(host.name)"
        return "cat > \(new) && chmod 755 \(new) && mv -f \(new) \(program)"
    }

    /// Runs the program, makes the worker's key if there is none, and says its `public` half: the secret never leaves the host.
    package var identify: String {
        script(
            """
            version=$("$d/bin/sweepd" --version 2>&1 </dev/null) || {
                code=$?; why=$(printf '%s' "$version" | tail -n 1)
                [ $code -gt 128 ] && [ $code -le 192 ] && why="signal $((code - 128))${why:+, $why}"
                say problem "sweepd does not run there: ${why:-exit code $code}"; exit; }
            say version "$version"
            public=$("$d/bin/sweepd" keys new --if-missing "$d/\(key)" 2>&1 </dev/null) || {
                say problem "its key cannot be made: $public"; exit; }
            say public "$public"
            """
        )
    }

    /// Lets the program look at its host and answers with its `report`, in JSON.
    ///
    /// A key that was allowed a moment ago may take a second to be known: then it is asked again.
    package func examine(_ arguments: [String]) -> String {
        script(
            """
            for again in 1 2 3; do
                report=$("$d/bin/sweepd" doctor \(words(arguments)) --format json 2>"$d/\(host.name).doctor" </dev/null); code=$?
                [ $code = 4 ] || break
                sleep 1
            done
            if [ -n "$report" ]; then say report "$(printf '%s' "$report" | tr -d '\\n')"
            else say problem "$(tail -n 1 "$d/\(host.name).doctor")"; fi
            """
        )
    }

    /// Starts the worker and says `started` once it has lived for a second; else what it said last.
    ///
    /// - Parameter stopSeconds: how long it may take to end when it is asked to: kept for who stops it.
    package func start(_ arguments: [String], mark: String, stopSeconds: Int) -> String {
        script(
            """
            log="$d/\(host.name).log"
            [ "$(wc -c <"$log" 2>/dev/null || echo 0)" -gt 16777216 ] && mv -f "$log" "$log.1"
            new=setsid; command -v setsid >/dev/null 2>&1 || new=
            $new nohup "$d/bin/sweepd" worker \(words(arguments)) >>"$log" 2>&1 </dev/null &
            pid=$!
            echo $pid >"$d/\(host.name).pid"
            printf '%s\\n' \(ShellWord.quoted(mark)) >"$d/\(host.name).mark"
            echo \(stopSeconds) >"$d/\(host.name).stop-seconds"
            sleep 1
            if kill -0 $pid 2>/dev/null; then say started $pid
            else say problem "the worker ended at once: $(tail -n 1 "$log")"; fi
            """
        )
    }

    /// Ends the worker: asked to, it hands back what it trains; after the time that it was started with, or `seconds` where none
    /// is kept, it is killed. Says `stopped`, `killed` or `absent`. A process that has its number afterwards is not the worker.
    package func stop(within seconds: Int) -> String {
        script(
            """
            pid=$(worker) || { rm -f "$d/\(host.name).pid" "$d/\(host.name).mark"; say absent -; exit; }
            kill -TERM $pid
            seconds=$(cat "$d/\(host.name).stop-seconds" 2>/dev/null); case $seconds in ''|*[!0-9]*) seconds=\(seconds) ;; esac
            left=$((seconds * 5))
            while [ "$(worker)" = "$pid" ] && [ $left -gt 0 ]; do sleep 0.2; left=$((left - 1)); done
            how=stopped
            if [ "$(worker)" = "$pid" ]; then kill -KILL $pid; how=killed; fi
            rm -f "$d/\(host.name).pid" "$d/\(host.name).mark" "$d/\(host.name).stop-seconds"
            say $how $pid
            """
        )
    }

    /// `$d` in arguments stands for the folder there.
    private func words(_ arguments: [String]) -> String {
        arguments.map {
            $0.hasPrefix(Self.folder) ? "\"$d\"" + ShellWord.quoted(String($0.dropFirst(2))) : ShellWord.quoted($0)
        }
        .joined(separator: " ")
    }

    /// What an argument begins with that names something in the folder there.
    private static let folder = "$d"
    /// The worker's key there, as an argument.
    package var keyArgument: String { "\(Self.folder)/\(key)" }

    private func script(_ body: String) -> String {
        """
        {
        umask 077
        d=\(ShellWord.quoted(host.directory)); case $d in /*) ;; *) d=$HOME/$d ;; esac
        say() { printf 'sweepd-up %s %s\\n' "$1" "$2"; }
        worker() {
            pid=$(cat "$d/\(host.name).pid" 2>/dev/null) && [ -n "$pid" ] &&
                tr '\\000' '\\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -- "$d/\(key)" && echo "$pid"
        }
        \(body)
        exit 0
        }

        """
    }
}

/// What a script of a host said.
package struct RemoteAnswer: Hashable, Sendable {
    private let values: [String: String]

    /// Reads the lines that are the script's; what a login file prints beside them is passed over.
    package init(_ text: String) {
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("sweepd-up ") {
            let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            values[String(parts[1])] = parts.count > 2 ? String(parts[2]) : ""
        }
        self.values = values
    }

    /// The value of a word; nil when the script did not say it.
    package subscript(word: String) -> String? { values[word] }
}
