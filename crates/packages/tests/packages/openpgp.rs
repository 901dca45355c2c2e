//! Signatures that `gpg` makes, checked by us, and everything that is wrong with them.

use seawall_packages::openpgp::{Keyring, SignatureError, verify};

use crate::now;
use crate::signer::Signer;

const TEXT: &str = "Origin: Test\n- a line with a dash\n--- three\nspaces at the end  \t\n\nlast\n";

#[test]
fn what_gpg_signs_is_verified_whatever_the_key() {
    for algorithm in ["ed25519", "rsa3072", "nistp256", "nistp384"] {
        let signer = Signer::with_key(algorithm);
        let document = signer.sign(TEXT, &[]);
        let keyring = Keyring::parse(&signer.keys()).unwrap();
        let verified = verify(&document, &keyring, now())
            .unwrap_or_else(|error| panic!("{algorithm}: {error}"));
        assert_eq!(verified.fingerprint, signer.fingerprint());
        assert_eq!(verified.text, TEXT.replace("  \t", ""));
    }
}

#[test]
fn armoured_keys_several_hashes_and_other_line_ends_are_read() {
    let signer = Signer::with_key("rsa2048");
    let keyring = Keyring::parse(&signer.run(&["--armor", "--export"], b"")).unwrap();
    for hash in ["SHA256", "SHA384", "SHA512"] {
        let document = signer.sign(TEXT, &["--digest-algo", hash]);
        verify(&document, &keyring, now()).unwrap();
        verify(&document.replace('\n', "\r\n"), &keyring, now()).unwrap();
    }
    let weak = signer.sign(TEXT, &["--digest-algo", "SHA1"]);
    let error = verify(&weak, &keyring, now()).unwrap_err();
    assert!(matches!(error, SignatureError::NotAccepted(_)), "{error}");
}

#[test]
fn a_subkey_signs_for_its_key() {
    let signer = Signer::with_key("rsa2048");
    let fingerprint = signer.fingerprint();
    signer.run(
        &[
            "--passphrase",
            "",
            "--quick-add-key",
            &fingerprint,
            "ed25519",
            "sign",
        ],
        b"",
    );
    let keyring = Keyring::parse(&signer.keys()).unwrap();
    assert_eq!(keyring.len(), 2);
    let document = signer.sign(TEXT, &[]);
    assert_eq!(
        verify(&document, &keyring, now()).unwrap().fingerprint,
        fingerprint
    );
}

#[test]
fn a_changed_document_is_bad() {
    let signer = Signer::with_key("ed25519");
    let keyring = Keyring::parse(&signer.keys()).unwrap();
    let document = signer.sign(TEXT, &[]);
    let is_bad = |document: &str| {
        matches!(
            verify(document, &keyring, now()),
            Err(SignatureError::Bad(_))
        )
    };
    assert!(is_bad(&document.replace("Origin: Test", "Origin: Tast")));
    assert!(is_bad(&document.replace("last\n", "last\nmore\n")));
    assert!(is_bad(&document.replace("\nlast", "last")));
}

#[test]
fn what_nobody_signed_is_not_read() {
    let signer = Signer::with_key("ed25519");
    let keyring = Keyring::parse(&signer.keys()).unwrap();
    let document = signer.sign(TEXT, &[]);
    for (document, says) in [
        (format!("Origin: Evil\n{document}"), "not signed"),
        (
            format!("{document}Origin: Evil\n"),
            "follows the signatures",
        ),
        (format!("{document}{document}"), "follows the signatures"),
        (document.replace("- --- three", "--- three"), "not escaped"),
        (
            document.replacen("Hash: ", "Origin: Evil\nHash: ", 1),
            "header that is not signed",
        ),
        (TEXT.to_owned(), "not signed"),
        (
            document
                .split("-----BEGIN PGP SIGNATURE")
                .next()
                .unwrap()
                .to_owned(),
            "not signed",
        ),
        (String::new(), "not signed"),
    ] {
        let error = verify(&document, &keyring, now()).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn unknown_expired_and_revoked_keys_are_named() {
    let stranger = Keyring::parse(&Signer::with_key("ed25519").keys()).unwrap();
    let signer = Signer::with_key("ed25519");
    let document = signer.sign(TEXT, &[]);
    let error = verify(&document, &stranger, now()).unwrap_err();
    assert_eq!(error, SignatureError::UnknownKey(signer.fingerprint()));

    let keyring = Keyring::parse(&signer.keys()).unwrap();
    let early = verify(&document, &keyring, now() - 400_000).unwrap_err();
    assert_eq!(early, SignatureError::OtherTime(signer.fingerprint()));

    let brief = Signer::new();
    brief.generate("Brief", "ed25519", "10d", &[]);
    let document = brief.sign(TEXT, &[]);
    let keyring = Keyring::parse(&brief.keys()).unwrap();
    verify(&document, &keyring, now()).unwrap();
    let error = verify(&document, &keyring, now() + 11 * 86_400).unwrap_err();
    assert_eq!(error, SignatureError::ExpiredKey(brief.fingerprint()));

    let document = signer.sign(TEXT, &["--default-sig-expire", "2d"]);
    let keyring = Keyring::parse(&signer.keys()).unwrap();
    let error = verify(&document, &keyring, now() + 3 * 86_400).unwrap_err();
    assert_eq!(error, SignatureError::OtherTime(signer.fingerprint()));

    let fingerprint = signer.fingerprint();
    let path = signer
        .home()
        .join("openpgp-revocs.d")
        .join(format!("{fingerprint}.rev"));
    let revocation = std::fs::read_to_string(path)
        .unwrap()
        .replace(":-----BEGIN", "-----BEGIN");
    signer.run(&["--import"], revocation.as_bytes());
    let keyring = Keyring::parse(&signer.keys()).unwrap();
    let error = verify(&document, &keyring, now()).unwrap_err();
    assert_eq!(error, SignatureError::RevokedKey(fingerprint));
}

#[test]
fn a_key_that_only_certifies_does_not_sign_documents() {
    let signer = Signer::new();
    signer.run(
        &[
            "--passphrase",
            "",
            "--quick-generate-key",
            "Only",
            "ed25519",
            "cert",
            "never",
        ],
        b"",
    );
    assert_eq!(
        Keyring::parse(&signer.keys()).unwrap_err(),
        SignatureError::NoKey
    );
}

#[test]
fn one_good_signature_of_several_is_enough() {
    let signer = Signer::with_key("ed25519");
    signer.generate("Second", "rsa2048", "never", &[]);
    let document = signer.sign(TEXT, &["--local-user", "Archive", "--local-user", "Second"]);
    let keys = signer.run(&["--export", "Second"], b"");
    verify(&document, &Keyring::parse(&keys).unwrap(), now()).unwrap();
    verify(&document, &Keyring::parse(&signer.keys()).unwrap(), now()).unwrap();
}

#[test]
fn what_is_no_key_file_is_refused() {
    for file in [
        b"".as_slice(),
        b"hello",
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
        &[0x99, 0xFF],
    ] {
        assert!(Keyring::parse(file).is_err());
    }
}
