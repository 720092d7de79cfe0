//! A transcript as a page.

use std::io::{self, Write};

use super::Conversation;
use super::show::{End, Shape, Showing, header_marks};
use crate::page::{self, Markup};
use crate::transcript::json::timestamp;
use crate::transcript::{Event, Header};
use crate::units::{At, Human, count};

/// Makes a page, and writes it at the end.
#[derive(Debug)]
pub(super) struct Html<'a> {
    showing: &'a Showing,
    header: &'a Header,
    conversation: Option<Conversation>,
}

impl Html<'_> {
    pub(super) fn new<'a>(header: &'a Header, showing: &'a Showing) -> Html<'a> {
        let from = showing.filter.after.unwrap_or(At::START);
        let mut conversation = Conversation::new(header, from, showing.marks, "e".to_owned());
        conversation.read_as(showing.encoding(header));
        Html { showing, header, conversation: Some(conversation) }
    }

    fn write(&self, talk: &super::Talk, end: &End, out: &mut impl Write) -> io::Result<()> {
        let mut body = Markup::new();
        body.raw("<div class=\"wrap\">\n<header><h1>").text(&self.showing.title);
        body.raw("</h1>\n<p class=\"facts\"><span><strong>");
        body.text(count(talk.lines, "line")).raw("</strong> on ").text(count(talk.conns, "conn"));
        body.raw("</span><span>").text(Human(talk.lasted)).raw("</span><span>started ");
        body.text(timestamp(self.header.started)).raw("</span>");
        if let Some(role) = self.header.role {
            body.raw("<span>recorded by the ").text(role).raw("</span>");
        }
        if self.showing.marks {
            for (name, value) in header_marks(self.header)? {
                body.raw("<span>").text(name).raw(" <code>").text(value).raw("</code></span>");
            }
        }
        body.raw("</p></header>\n");
        for told in end.warnings() {
            body.raw("<p class=\"warn\">").text(told).raw("</p>\n");
        }
        tools(&talk.switches, &mut body);
        body.raw("<main>\n").append(&talk.body).raw("</main>\n</div>\n");
        page::write(&self.showing.title, &body, out)
    }
}

/// The filter, which a script shows that can make it work.
fn tools(switches: &Markup, body: &mut Markup) {
    body.raw("<form class=\"tools\" hidden role=\"search\">");
    body.raw(
        "<input type=\"search\" aria-label=\"Filter\" autocomplete=\"off\" spellcheck=\"false\" ",
    );
    body.raw("placeholder=\"Filter: text or /regex/\">");
    body.raw("<div class=\"chips\" role=\"group\" aria-label=\"Sides\">");
    body.raw("<label><input type=\"checkbox\" checked data-side=\"server\">server</label>");
    body.raw("<label><input type=\"checkbox\" checked data-side=\"client\">client</label>");
    body.raw("<label><input type=\"checkbox\" checked data-side=\"other\">events</label></div>");
    body.append(switches).raw("<output></output></form>\n");
}

impl Shape for Html<'_> {
    fn begin(&mut self, _: &mut impl Write) -> io::Result<()> {
        Ok(())
    }

    fn event(&mut self, event: &Event, _: &mut impl Write) -> io::Result<()> {
        if let Some(conversation) = &mut self.conversation {
            conversation.event(event);
        }
        Ok(())
    }

    fn pass_over(&mut self, event: &Event) {
        if let Some(conversation) = &mut self.conversation {
            conversation.pass_over(event);
        }
    }

    fn end(&mut self, end: &End, out: &mut impl Write) -> io::Result<()> {
        match self.conversation.take() {
            Some(conversation) => self.write(&conversation.finish(), end, out),
            None => Ok(()),
        }
    }
}
