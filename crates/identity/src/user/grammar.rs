//! What a user's name, e-mail address, name and remark may look like
//! (Harbor `src/server/v2.0/handler/user.go`, `validateUserProfile`).

use super::{NewUser, UserProfile};
use crate::IdentityError;

const ILLEGAL_IN_USERNAME: [char; 7] = [',', '"', '~', '#', '%', '$', ':'];
const ILLEGAL_IN_REALNAME: [char; 5] = [',', '~', '#', '$', '%'];

fn refuse(message: &str) -> Result<(), IdentityError> {
    Err(IdentityError::BadRequest(message.to_owned()))
}

fn has_length(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count())
}

pub(super) fn validate_new(new: &NewUser) -> Result<UserProfile, IdentityError> {
    if !has_length(&new.username, 1, 255) {
        refuse("username with illegal length")?;
    }
    // A colon ends the name in Basic credentials: nobody could log in under such a name.
    if new.username.contains(ILLEGAL_IN_USERNAME) || new.username.chars().any(char::is_control) {
        refuse("username contains illegal characters")?;
    }
    let profile = UserProfile {
        email: new.email.clone(),
        realname: new.realname.clone(),
        comment: new.comment.clone(),
    };
    validate_profile(&profile)?;
    Ok(profile)
}

pub(super) fn validate_profile(profile: &UserProfile) -> Result<(), IdentityError> {
    if profile.email.is_empty() {
        refuse("email can't be empty")?;
    }
    if !is_email(&profile.email) {
        refuse("email with illegal format")?;
    }
    if !has_length(&profile.realname, 1, 255) {
        refuse("realname with illegal length")?;
    }
    if profile.realname.contains(ILLEGAL_IN_REALNAME) {
        refuse("realname contains illegal characters")?;
    }
    if !has_length(&profile.comment, 0, 30) {
        refuse("comment with illegal length")?;
    }
    Ok(())
}

/// `local@domain`: the local part of words joined by dots or quoted, the domain of two or more
/// labels or an address in brackets.
fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else {
        return false;
    };
    has_length(email, 3, 255) && is_local_part(local) && is_domain(domain)
}

fn is_local_part(local: &str) -> bool {
    if let Some(quoted) = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        return !quoted.is_empty() && !quoted.chars().any(char::is_control);
    }
    local.split('.').all(|word| {
        !word.is_empty()
            && !word.contains(|c: char| "<>()[]\\,;:@\"".contains(c) || c.is_whitespace())
    })
}

fn is_domain(domain: &str) -> bool {
    if let Some(address) = domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return address.parse::<std::net::Ipv4Addr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let Some((labels, top)) = domain.rsplit_once('.') else {
        return false;
    };
    labels.split('.').all(is_label)
        && top.len() >= 2
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn new(username: &str, email: &str, realname: &str, comment: &str) -> NewUser {
        NewUser {
            username: username.to_owned(),
            email: email.to_owned(),
            realname: realname.to_owned(),
            comment: comment.to_owned(),
            password: Secret::new("unused"),
        }
    }

    #[test]
    fn good_users_pass() {
        for (username, email) in [
            ("ann", "ann@example.com"),
            ("ann.lee@example.com", "\"ann lee\"@example.co.uk"),
            ("安", "a.b-c_d+e@[127.0.0.1]"),
        ] {
            assert!(
                validate_new(&new(username, email, "Ann", "")).is_ok(),
                "{username}"
            );
        }
    }

    #[test]
    fn bad_names_are_refused_with_harbors_message() {
        let long = "x".repeat(256);
        for username in ["", &long] {
            let refused = validate_new(&new(username, "a@b.cd", "A", "")).unwrap_err();
            assert_eq!(refused.to_string(), "username with illegal length");
        }
        for username in ["a,b", "a\"b", "a~b", "robot$a", "a#1", "a%b", "a:b", "a\nb"] {
            let refused = validate_new(&new(username, "a@b.cd", "A", "")).unwrap_err();
            assert_eq!(refused.to_string(), "username contains illegal characters");
        }
    }

    #[test]
    fn bad_addresses_are_refused() {
        for email in [
            "a", "@b.cd", "a@b", "a@b.c", "a@@b.cd", "a b@c.de", "a.@b.cd", "a@b..cd",
        ] {
            let refused = validate_new(&new("ann", email, "A", "")).unwrap_err();
            assert_eq!(refused.to_string(), "email with illegal format", "{email}");
        }
    }

    #[test]
    fn the_rest_has_lengths() {
        assert!(validate_new(&new("ann", "a@b.cd", "", "")).is_err());
        assert!(validate_new(&new("ann", "a@b.cd", "A", &"x".repeat(31))).is_err());
        assert!(validate_new(&new("ann", "a@b.cd", "A", &"x".repeat(30))).is_ok());
    }
}
