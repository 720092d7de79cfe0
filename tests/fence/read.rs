//! Reads one file: the paths that stand in it, and the scopes of its modules.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Ident, Literal, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Attribute, ItemExternCrate, ItemMod, ItemUse, Macro, Meta, UseTree};

use super::paths::{Name, Scope, Segments, Source};

/// Macros that are in scope everywhere and do what a room may have to do without.
const PRELUDE_MACROS: [&str; 6] = ["println", "print", "eprintln", "eprint", "dbg", "include"];

/// What one file holds.
#[derive(Default)]
pub(super) struct Found {
    pub(super) names: Vec<Name>,
    pub(super) scopes: BTreeMap<Segments, Scope>,
    /// Modules under `#[cfg(test)]`.
    pub(super) test_modules: Vec<Segments>,
}

/// Reads a file.
///
/// # Panics
/// Where it is no Rust.
pub(super) fn read(source: &Source) -> Found {
    let parsed = syn::parse_file(&source.text);
    let file = parsed.unwrap_or_else(|error| panic!("{}: {error}", source.path));
    let mut reader = Reader { source, module: source.module(), found: Found::default() };
    reader.scope();
    reader.visit_file(&file);
    reader.unsafe_words(source.text.parse().expect("it was parsed before"));
    reader.found
}

struct Reader<'s> {
    source: &'s Source,
    module: Segments,
    found: Found,
}

impl Reader<'_> {
    fn scope(&mut self) -> &mut Scope {
        self.found.scopes.entry(self.module.clone()).or_default()
    }

    fn name(&mut self, segments: Segments, span: Span) {
        self.found.names.push(Name {
            file: self.source.path.clone(),
            line: span.start().line,
            room: self.source.room().to_owned(),
            in_test: false,
            module: self.module.clone(),
            segments,
        });
    }

    /// A path of one segment came into scope by a path that was looked at where it stands.
    fn path(&mut self, segments: Segments, span: Span) {
        if segments.len() > 1 {
            self.name(segments, span);
        }
    }

    fn macro_call(&mut self, ident: &Ident) {
        let name = word(ident);
        if PRELUDE_MACROS.contains(&name.as_str()) {
            self.name(vec!["std".into(), name], ident.span());
        }
    }

    /// One branch of a `use`, with what stands before it.
    fn use_tree(&mut self, mut before: Segments, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                before.push(word(&path.ident));
                self.use_tree(before, &path.tree);
            }
            UseTree::Name(name) => self.import(before, &name.ident, &name.ident),
            UseTree::Rename(rename) => self.import(before, &rename.ident, &rename.rename),
            UseTree::Glob(glob) => {
                self.scope().globs.push(before.clone());
                before.push("*".into());
                self.name(before, glob.star_token.spans[0]);
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.use_tree(before.clone(), tree));
            }
        }
    }

    fn import(&mut self, mut path: Segments, ident: &Ident, alias: &Ident) {
        if ident != "self" || path.is_empty() {
            path.push(word(ident));
        }
        let alias = if alias == "self" { path.last().cloned() } else { Some(word(alias)) };
        let alias = alias.unwrap_or_default();
        self.name(path.clone(), ident.span());
        if path != [alias.as_str()] {
            self.scope().aliases.entry(alias).or_default().push(path);
        }
    }

    /// Every path in tokens that nobody parses for us.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Group(group) => {
                    self.tokens(group.stream());
                    at + 1
                }
                TokenTree::Ident(ident) => {
                    let before = beginning(&tokens, at);
                    if is_punct(tokens.get(at + 1), '!') {
                        self.macro_call(ident);
                    }
                    self.token_path(before, &tokens, at)
                }
                _ => at + 1,
            };
        }
    }

    /// A path in tokens, from `at`, with what stands before it; returns where it ends.
    fn token_path(&mut self, mut path: Segments, tokens: &[TokenTree], mut at: usize) -> usize {
        let Some(span) = tokens.get(at).map(TokenTree::span) else { return at };
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(ident)) => path.push(word(ident)),
                Some(TokenTree::Punct(star)) if star.as_char() == '*' => path.push("*".into()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.token_group(&path, group.stream());
                    return at + 1;
                }
                _ => break,
            }
            at += 1;
            if !is_path_sep(tokens, at) {
                break;
            }
            at += 2;
        }
        self.path(path, span);
        at
    }

    /// The `{…}` of a `use` in tokens.
    fn token_group(&mut self, before: &[String], tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        for part in tokens.split(|token| is_punct(Some(token), ',')) {
            self.token_path(before.to_vec(), part, 0);
        }
    }

    /// `#[serde(with = "crate::units")]`: a path in quotes, in the tokens of an attribute.
    fn quoted_paths(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.quoted_paths(group.stream()),
                TokenTree::Literal(literal) => self.quoted_path(&literal),
                _ => {}
            }
        }
    }

    fn quoted_path(&mut self, literal: &Literal) {
        let quoted = syn::parse_str::<syn::LitStr>(&literal.to_string());
        if let Some(path) = quoted.ok().and_then(|text| text.parse::<syn::Path>().ok()) {
            self.path(segments(&path), literal.span());
        }
    }

    fn unsafe_words(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.unsafe_words(group.stream()),
                TokenTree::Ident(ident) if ident == "unsafe" => {
                    self.name(vec!["unsafe".into()], ident.span());
                }
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let name = word(&item.ident);
        self.scope().children.insert(name.clone());
        self.module.push(name);
        if item.attrs.iter().any(is_for_tests) {
            self.found.test_modules.push(self.module.clone());
        }
        if item.content.is_some() {
            self.scope();
        }
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let before = if item.leading_colon.is_some() { vec![String::new()] } else { vec![] };
        self.use_tree(before, &item.tree);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        let alias = item.rename.as_ref().map_or(&item.ident, |(_, alias)| alias);
        self.import(vec![String::new()], &item.ident, alias);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(first) = path.segments.first() {
            self.path(segments(path), first.ident.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if let Some(ident) = call.path.get_ident() {
            self.macro_call(ident);
        }
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        if attribute.path().is_ident("path") {
            // Its module would stand in another place than its name says.
            self.name(vec!["std".into(), "include".into()], attribute.pound_token.spans[0]);
        }
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
            self.quoted_paths(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }
}

fn segments(path: &syn::Path) -> Segments {
    let absolute = path.leading_colon.is_some().then(String::new);
    absolute.into_iter().chain(path.segments.iter().map(|segment| word(&segment.ident))).collect()
}

/// An identifier without its `r#`.
fn word(ident: &Ident) -> String {
    ident.unraw().to_string()
}

fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Path>().is_ok_and(|only| only.is_ident("test"))
}

/// What a path that goes on at `at` begins with: an empty segment where it is absolute, and a mark
/// where it begins with what no path names: `Vec::<u8>::new`, or `$name::new` in a macro.
fn beginning(tokens: &[TokenTree], at: usize) -> Segments {
    let before = |distance| at.checked_sub(distance).and_then(|at| tokens.get(at));
    let after_colons = is_punct(before(1), ':') && is_punct(before(2), ':');
    let is_crate = matches!(&tokens[at], TokenTree::Ident(ident) if ident == "crate");
    if after_colons && is_punct(before(3), '>') || is_punct(before(1), '$') && !is_crate {
        vec!["$".into()]
    } else if after_colons {
        vec![String::new()]
    } else {
        vec![]
    }
}

fn is_path_sep(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')
}

fn is_punct(token: Option<&TokenTree>, char: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == char)
}
