extension SweepReport {
    /// The report as one HTML document that needs nothing else: no script, no font, no other file.
    package var html: String {
        var body = ""
        for section in sections {
            body += "<section>\n<h2>\(Chart.escape(section.title))</h2>\n"
            for part in section.parts { body += Self.html(part) }
            body += "</section>\n"
        }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>\(Chart.escape(title))</title>
            <style>
            body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
            h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid #ccc; }
            .wide { overflow-x: auto; } .pictures { display: flex; flex-wrap: wrap; gap: 1rem; margin: 0; } svg { max-width: 100%; height: auto; }
            table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
            th, td { padding: 2px 10px 2px 0; text-align: left; vertical-align: top; } th { border-bottom: 1px solid #888; }
            td.n, th.n { text-align: right; white-space: nowrap; } tr:nth-child(even) td { background: #f6f6f6; }
            pre { background: #f6f6f6; padding: .7rem; overflow-x: auto; font-size: 13px; }
            p, h1 { overflow-wrap: anywhere; } p, td { white-space: pre-wrap; } @media print { .wide, pre { overflow: visible; } }
            </style>
            </head>
            <body>
            <h1>\(Chart.escape(title))</h1>
            \(body)</body>
            </html>

            """
    }

    private static func html(_ part: Part) -> String {
        switch part {
        case .paragraph(let text): "<p>\(Chart.escape(text))</p>\n"
        case .table(let table): "<div class=\"wide\">\n\(table.html)</div>\n"
        case .chart(let chart): "<figure class=\"wide\">\n\(chart.svg())</figure>\n"
        case .pictures(let charts):
            charts.isEmpty
                ? ""
                : "<figure class=\"pictures\">\n\(charts.map { $0.svg(width: 460, height: 300) }.joined())</figure>\n"
        case .code(let text):
            "<pre>\(text.split(separator: "\n", omittingEmptySubsequences: false).map { Chart.escape(String($0)) }.joined(separator: "\n"))</pre>\n"
        }
    }
}

extension Table {
    /// An HTML table with scopes for screen readers, numbers to the right.
    var html: String {
        func row(_ cells: [String], _ tag: String) -> String {
            let marked = zip(columns, cells).map { column, cell in
                let scope = tag == "th" ? " scope=\"col\"" : ""
                return "<\(tag)\(column.isNumeric ? " class=\"n\"" : "")\(scope)>\(Chart.escape(cell))</\(tag)>"
            }
            return "<tr>\(marked.joined())</tr>\n"
        }
        return "<table>\n<thead>\n\(row(columns.map(\.name), "th"))</thead>\n<tbody>\n"
            + rows.map { row($0, "td") }.joined() + "</tbody>\n</table>\n"
    }
}
