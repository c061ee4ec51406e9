//! A document as an HTTP answer: a status, headers and a body, as a service might send them. Written as
//! `<status>`, one line for each header, an empty line, the body; a document that is not written like that is
//! the bytes of a connection that does not speak HTTP at all.

use crate::dice::Dice;
use crate::target::Input;
use crate::text;

/// Statuses that mean something, some of them that nobody should send.
const STATUSES: &[u16] = &[
    200, 201, 202, 204, 206, 301, 302, 304, 400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 418, 422,
    429, 451, 500, 501, 502, 503, 504, 507, 511, 599,
];

/// Headers that are looked at, with values from right to absurd.
const HEADERS: &[(&str, &str)] = &[
    ("retry-after", "0"),
    ("retry-after", "30"),
    ("retry-after", "18446744073709551615"),
    ("retry-after", "-1"),
    ("retry-after", "soon"),
    ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"),
    ("retry-after", "Mon, 01 Jan 0001 00:00:00 GMT"),
    ("date", "Wed, 23 Sep 2026 10:00:00 GMT"),
    ("date", "Fri, 31 Dec 9999 23:59:59 GMT"),
    ("date", "yesterday"),
    ("x-ratelimit-remaining", "0"),
    ("x-ratelimit-remaining", "-7"),
    ("x-ratelimit-reset", "9223372036854775807"),
    ("x-ratelimit-reset", "-9223372036854775808"),
    ("x-ratelimit-reset", "1790000000"),
    ("link", "<http://127.0.0.1/next>; rel=\"next\""),
    ("content-type", "text/html"),
    ("content-type", "application/json; charset=utf-16"),
    ("content-type", "application/vnd.oci.image.index.v1+json"),
    ("x-amzn-errortype", "ThrottlingException"),
    ("x-amzn-errortype", "InvalidSignatureException:http://internal.amazon.com/"),
    ("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender"),
    ("docker-content-digest", "sha256:short"),
    ("location", "http://127.0.0.1:1/?signature=elsewhere"),
    ("www-authenticate", "Bearer realm=\"http://127.0.0.1:1/token\",service=\"x\""),
    ("content-encoding", "gzip"),
];

/// An HTTP answer, or what comes instead of one.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status; `None` when the bytes of `body` are all that is sent.
    pub status: Option<u16>,
    /// The headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Input for Answer {
    fn document(bytes: &[u8]) -> Self {
        parse(bytes).unwrap_or_else(|| Self { status: None, headers: Vec::new(), body: bytes.to_vec() })
    }

    fn raw(bytes: &[u8]) -> Self {
        let mut dice = Dice::new(bytes);
        let status = (dice.byte() < 200).then(|| *dice.pick(STATUSES));
        Self { status, headers: Vec::new(), body: dice.rest().to_vec() }
    }

    fn edit(&mut self, dice: &mut Dice<'_>) {
        match dice.below(10) {
            0 => self.status = Some(*dice.pick(STATUSES)),
            1 => self.status = Some(200 + u16::try_from(dice.below(400)).unwrap_or_default()),
            2 | 3 => {
                let (name, value) = *dice.pick(HEADERS);
                self.headers.push((name.to_owned(), value.to_owned()));
            }
            _ => text::edit(&mut self.body, dice),
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\n\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.parse().ok()?;
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some(Answer {
        status: Some(status),
        headers: lines.map(header).collect::<Option<_>>()?,
        body: body.trim_end_matches('\n').as_bytes().to_vec(),
    })
}
