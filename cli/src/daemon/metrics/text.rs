//! The text format 0.0.4, which everything that reads Prometheus' metrics
//! reads. The library writes OpenMetrics, where a counter's family is named
//! without the `_total` of its samples.

use std::fmt::Write as _;

use prometheus_client::registry::Registry;

/// The media type of the text.
pub(crate) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A registry as text.
pub(super) fn of(registry: &Registry) -> String {
    let mut open = String::new();
    prometheus_client::encoding::text::encode(&mut open, registry).expect("writing to a string cannot fail");
    from_open_metrics(&open)
}

fn from_open_metrics(open: &str) -> String {
    let mut text = String::with_capacity(open.len());
    let mut help = None;
    for line in open.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ');
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
        {
            let total = if kind == "counter" { "_total" } else { "" };
            if let Some((_, words)) = help.take() {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "# HELP {name}{total} {words}");
            }
            let _ = writeln!(text, "# TYPE {name}{total} {kind}");
        } else if !line.starts_with("# ") {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::from_open_metrics;

    #[test]
    fn a_counter_is_named_as_its_samples_are() {
        let open = "# HELP a_runs Runs.\n# TYPE a_runs counter\na_runs_total{x=\"y\"} 1\n\
                    # HELP a_age_seconds Age.\n# TYPE a_age_seconds gauge\n# UNIT a_age_seconds seconds\n\
                    a_age_seconds 2\n# EOF\n";
        assert_eq!(
            from_open_metrics(open),
            "# HELP a_runs_total Runs.\n# TYPE a_runs_total counter\na_runs_total{x=\"y\"} 1\n\
             # HELP a_age_seconds Age.\n# TYPE a_age_seconds gauge\na_age_seconds 2\n"
        );
    }
}
