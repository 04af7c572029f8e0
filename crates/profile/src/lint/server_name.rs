//! The names of servers that a device trusts, as patterns.

/// Whether a trusted name covers a name that a certificate carries. A star stands for one label,
/// whole: `*.example.org`, `wpa.*.example.org`.
#[must_use]
pub fn covers(trusted: &str, name: &str) -> bool {
    let trusted: Vec<&str> = trusted.split('.').collect();
    let name: Vec<&str> = name.split('.').collect();
    trusted.len() == name.len()
        && trusted.iter().zip(&name).all(|(trusted, label)| {
            (*trusted == "*" && !label.is_empty()) || trusted.eq_ignore_ascii_case(label)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_whole_label() {
        assert!(covers("radius.example.org", "RADIUS.example.org"));
        assert!(covers("*.example.org", "radius.example.org"));
        assert!(covers("wpa.*.example.org", "wpa.north.example.org"));
        for other in
            ["example.org", "a.radius.example.org", ".example.org", "radius.example.net", ""]
        {
            assert!(!covers("*.example.org", other), "{other}");
        }
        assert!(!covers("r*.example.org", "radius.example.org"));
        assert!(!covers(" radius.example.org", "radius.example.org"));
    }
}
