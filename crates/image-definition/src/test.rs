//! `tests`: commands that are run in a container of the image, and what they must answer.

use crate::reader::At;

/// A test of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageTest {
    /// Its name.
    pub name: Option<String>,
    /// The folder that its commands run in.
    pub directory: Option<String>,
    /// Its commands.
    pub commands: Vec<String>,
    /// The exit code that is expected.
    pub exit_code: i64,
    /// After how many seconds it has failed.
    pub timeout: Option<i64>,
    /// What the commands must print.
    pub output: Option<String>,
}

pub(crate) fn read(at: &At<'_>) -> Option<ImageTest> {
    let fields = at.fields();
    let test = ImageTest {
        name: fields.string("name"),
        directory: fields.string("directory"),
        commands: fields.strings("commands"),
        exit_code: fields
            .required("exit-code")
            .and_then(|at| at.integer(0, 255))
            .unwrap_or_default(),
        timeout: fields.get("timeout").and_then(|at| at.integer(0, 86_400)),
        output: fields.string("output"),
    };
    fields.finish();
    Some(test)
}
