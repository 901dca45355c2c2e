//! Variables in the values of a definition.

use seawall_image_definition::{Architecture, Definition};

fn parse(text: &str) -> Definition {
    Definition::parse("test.yaml", text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn variables_are_replaced_everywhere_but_in_vars() {
    let definition = parse(
        "vars:\n  VERSION: 2.15.2-1\n  NAME: harbor\nimage: dhi.io/${NAME}\ntags:\n  - ${VERSION:^(\\d+\\.\\d+)}\n  - ${VERSION:^[0-9.]{6}}\n\
         contents:\n  packages:\n    - ${NAME}-core=${VERSION}\nenvironment:\n  WHERE: /${NAME}/${target.arch}/${NAME}\n",
    );
    assert_eq!(definition.image.as_deref(), Some("dhi.io/harbor"));
    assert_eq!(definition.tags, ["2.15", "2.15.2"]);
    assert_eq!(
        definition.contents.wanted().next().unwrap().to_string(),
        "harbor-core=2.15.2-1"
    );
    let place = &definition.environment["WHERE"];
    assert_eq!(Architecture::Arm64.expand(place), "/harbor/arm64/harbor");
}

#[test]
fn scripts_keep_the_variables_of_their_shell() {
    let definition = parse(
        "vars:\n  TARGET: known\ncontents:\n  builds:\n    - pipeline:\n        - runs: echo ${TARGET} ${HOME} ${X:-y} ${unclosed\n",
    );
    let step = &definition.contents.builds[0].pipeline[0];
    assert_eq!(
        step.runs.as_deref(),
        Some("echo known ${HOME} ${X:-y} ${unclosed")
    );
}

#[test]
fn variables_that_multiply_are_refused() {
    let long = "x".repeat(200_000);
    let text = format!("vars:\n  LONG: {long}\nname: ${{LONG}}${{LONG}}\n");
    let error = Definition::parse("test.yaml", &text).unwrap_err();
    assert!(error.to_string().contains("too long"), "{error:.200}");
}
