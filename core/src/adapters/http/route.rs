//! Paths from routes: the parameters of a route are encoded, and what would
//! change the meaning of the path is refused.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything is encoded but letters, digits and `- . _ ~ +`. A plus is literal
/// in a path.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'+');

/// A parameter that cannot stand in a path: it would name another place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` cannot stand in a path: {why}")]
pub struct InvalidSegment {
    /// The refused text.
    pub value: String,
    /// Why it is refused.
    pub why: &'static str,
}

/// Fills a route such as `/deployments/:name/instances` or `/v1/:mount/data/*path`
/// with its parameters, in order. `:name` takes one segment; `*path` takes
/// several, separated by slashes, each encoded on its own.
///
/// # Errors
/// If a segment is empty, `.` or `..` (after an empty name the Director gives
/// the whole list; `..` leaves the route), or if the number of parameters does
/// not fit the route.
pub fn expand_route(route: &str, parameters: &[&str]) -> Result<String, InvalidSegment> {
    let mut given = parameters.iter();
    let mut path = String::with_capacity(route.len() + 32);
    let mut take = |placeholder: &str| {
        given.next().copied().ok_or_else(|| InvalidSegment {
            value: placeholder.to_owned(),
            why: "the route has more places than there are parameters",
        })
    };
    for segment in route.split('/').filter(|segment| !segment.is_empty()) {
        if segment.starts_with(':') {
            push(&mut path, take(segment)?)?;
        } else if segment.starts_with('*') {
            for part in take(segment)?.split('/') {
                push(&mut path, part)?;
            }
        } else {
            path.push('/');
            path.push_str(segment);
        }
    }
    if let Some(left) = given.next() {
        return Err(InvalidSegment {
            value: (*left).to_owned(),
            why: "the route has fewer places than there are parameters",
        });
    }
    Ok(path)
}

fn push(path: &mut String, segment: &str) -> Result<(), InvalidSegment> {
    let why = match segment {
        "" => "it is empty",
        // Encoded or not, these two are taken as steps up by URL parsers.
        "." | ".." => "it would be taken as a step in the path",
        _ => {
            path.push('/');
            path.extend(utf8_percent_encode(segment, KEPT));
            return Ok(());
        }
    };
    Err(InvalidSegment { value: segment.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use super::expand_route;

    #[test]
    fn parameters_are_encoded_segment_by_segment() {
        for (route, parameters, path) in [
            ("/deployments/:name", vec!["a+b_c.d-e"], "/deployments/a+b_c.d-e"),
            ("/deployments/:name", vec!["a/b c%"], "/deployments/a%2Fb%20c%25"),
            ("/v1/:mount/data/*path", vec!["s", "a/b c"], "/v1/s/data/a/b%20c"),
            ("/info", vec![], "/info"),
        ] {
            assert_eq!(expand_route(route, &parameters).unwrap(), path);
        }
    }

    #[test]
    fn what_would_name_another_place_is_refused() {
        for (route, parameters) in [
            ("/deployments/:name", vec![""]),
            ("/deployments/:name", vec![".."]),
            ("/deployments/:name", vec![]),
            ("/info", vec!["a"]),
            ("/v1/*path", vec!["a//b"]),
            ("/v1/*path", vec!["a/../b"]),
        ] {
            assert!(expand_route(route, &parameters).is_err(), "{route} {parameters:?}");
        }
    }
}
