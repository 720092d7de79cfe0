//! The page around what it shows.

use std::io::{self, Write};

use base64::prelude::{BASE64_STANDARD, Engine};
use ring::digest::{SHA256, digest};

use super::Markup;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Writes a page: `title` names it, `body` is what it shows. A browser runs and fetches nothing on it but
/// the style and the script that it begins and ends with, which it knows by their hashes (CSP level 2).
///
/// # Errors
/// Those of `out`.
pub fn write(title: &str, body: &Markup, out: &mut impl Write) -> io::Result<()> {
    let mut head = Markup::new();
    head.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    head.raw("<meta http-equiv=\"Content-Security-Policy\"").attr("content", policy()).raw(">\n");
    head.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    head.raw("<meta name=\"color-scheme\" content=\"light dark\">\n");
    head.raw("<meta name=\"generator\" content=\"chat-repl\">\n");
    head.raw("<meta name=\"referrer\" content=\"no-referrer\">\n<title>").text(title);
    head.raw("</title>\n<style>").raw(STYLE).raw("</style>\n</head>\n<body>\n");
    out.write_all(head.as_str().as_bytes())?;
    out.write_all(body.as_str().as_bytes())?;
    let mut foot = Markup::new();
    foot.raw("<script>").raw(SCRIPT).raw("</script>\n</body>\n</html>\n");
    out.write_all(foot.as_str().as_bytes())
}

/// What a browser may do for the page.
fn policy() -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(digest(&SHA256, text.as_bytes()));
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; \
         base-uri 'none'; form-action 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_needs_nothing_else() {
        let mut page = Vec::new();
        write("a <b> & c", &Markup::new(), &mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("<title>a &lt;b&gt; &amp; c</title>"), "{page}");
        for fetches in ["http:", "https:", "src=", "@import", "url(", "<link"] {
            assert!(!page.contains(fetches), "{fetches}");
        }
    }

    /// Neither may end its element early.
    #[test]
    fn style_and_script_hold_no_end_tag() {
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</"));
    }
}
