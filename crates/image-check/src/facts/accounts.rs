//! `/etc/passwd`, `/etc/group` and `/etc/shadow`.

use seawall_image_source::Tree;

/// The most bytes of such a file.
const MOST: usize = 4 << 20;

/// A line of `/etc/passwd`.
#[derive(Clone, Debug)]
pub struct User {
    /// The name.
    pub name: String,
    /// `x`, or a hash, or nothing.
    pub password: String,
    /// The number.
    pub uid: u64,
    /// The number of the main group.
    pub gid: u64,
    /// The home.
    pub home: String,
    /// The shell.
    pub shell: String,
}

/// The users and groups of an image.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    /// Whether there is a passwd file.
    pub has_passwd: bool,
    /// Users, in their order.
    pub users: Vec<User>,
    /// Groups: name and number.
    pub groups: Vec<(String, u64)>,
    /// Passwords: name, hash.
    pub shadow: Vec<(String, String)>,
}

impl Accounts {
    /// Reads those of an image. Lines that are none are left out.
    pub fn read(tree: &Tree) -> Self {
        let lines = |path: &str| -> Option<Vec<Vec<String>>> {
            let text = String::from_utf8_lossy(&tree.file(path)?.bytes(MOST).ok()?).into_owned();
            let fields = |line: &str| line.split(':').map(str::to_owned).collect();
            Some(
                text.lines()
                    .filter(|line| !line.is_empty())
                    .map(fields)
                    .collect(),
            )
        };
        let passwd = lines("etc/passwd");
        let field = |line: &[String], at: usize| line.get(at).cloned().unwrap_or_default();
        Self {
            has_passwd: passwd.is_some(),
            users: passwd
                .unwrap_or_default()
                .iter()
                .filter_map(|line| {
                    Some(User {
                        name: field(line, 0),
                        password: field(line, 1),
                        uid: field(line, 2).parse().ok()?,
                        gid: field(line, 3).parse().ok()?,
                        home: field(line, 5),
                        shell: field(line, 6),
                    })
                })
                .collect(),
            groups: lines("etc/group")
                .unwrap_or_default()
                .iter()
                .filter_map(|line| Some((field(line, 0), field(line, 2).parse().ok()?)))
                .collect(),
            shadow: lines("etc/shadow")
                .unwrap_or_default()
                .iter()
                .map(|line| (field(line, 0), field(line, 1)))
                .collect(),
        }
    }

    /// The user of a config's `User`, by name or number.
    pub fn user(&self, name_or_number: &str) -> Option<&User> {
        match name_or_number.parse::<u64>() {
            Ok(uid) => self.users.iter().find(|user| user.uid == uid),
            Err(_) => self.users.iter().find(|user| user.name == name_or_number),
        }
    }
}
