//! What the server answered, and the questions that tests ask of it.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read to its end.
pub struct Answer {
    asked: String,
    pub code: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn of(method: &str, path: &str, response: reqwest::Response) -> Self {
        Self {
            asked: format!("{method} {path}"),
            code: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    /// The answer, which must have this status.
    #[track_caller]
    pub fn status(self, wanted: u16) -> Self {
        assert_eq!(self.code, wanted, "{}: {}", self.asked, self.text);
        self
    }

    /// The JSON of the body.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.asked, self.text))
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// An error of this status, code and message, in Harbor's shape to the letter.
    #[track_caller]
    pub fn error(self, status: u16, code: &str, message: &str) {
        let answer = self.status(status);
        assert_eq!(
            answer.header("content-type"),
            Some("application/json; charset=utf-8")
        );
        assert!(answer.text.ends_with("]}\n"), "{:?}", answer.text);
        let error = &answer.json()["errors"][0];
        assert_eq!(error["code"], code, "{}", answer.asked);
        let shown = error["message"].as_str().unwrap();
        assert!(
            shown.contains(message),
            "{}: {shown:?} does not say {message:?}",
            answer.asked
        );
    }

    /// Success with nothing in it.
    #[track_caller]
    pub fn empty(self) {
        let answer = self.status(200);
        assert_eq!(answer.text, "", "{}", answer.asked);
    }

    /// The number at the end of `Location`.
    #[track_caller]
    pub fn id_in_location(&self) -> i64 {
        let location = self
            .header("location")
            .unwrap_or_else(|| panic!("{}: no location", self.asked));
        location.rsplit('/').next().unwrap().parse().unwrap()
    }

    /// The number of all items of a list.
    #[track_caller]
    pub fn total(&self) -> i64 {
        self.header("x-total-count")
            .unwrap_or_else(|| panic!("{}: no total", self.asked))
            .parse()
            .unwrap()
    }

    /// One field of every item of a list.
    #[track_caller]
    pub fn texts(&self, field: &str) -> Vec<String> {
        let json = self.json();
        let items = json
            .as_array()
            .unwrap_or_else(|| panic!("{}: {}", self.asked, self.text));
        items
            .iter()
            .map(|item| item[field].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}
