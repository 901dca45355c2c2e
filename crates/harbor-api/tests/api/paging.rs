//! Lists: pages, totals, links, sorting, `q=`, and lists that are wanted whole.

use crate::support::{ADMIN, Harbor};

#[tokio::test]
async fn pages_carry_totals_and_links() {
    for harbor in Harbor::on_both().await {
        for number in 0..24 {
            harbor.project(&format!("team{number:02}"), false).await;
        }
        let first = harbor
            .get(ADMIN, "/projects?q=name%3D~team&page_size=10")
            .await
            .status(200);
        assert_eq!(first.total(), 24);
        assert_eq!(first.texts("name").len(), 10);
        assert_eq!(
            first.header("link"),
            Some("</api/v2.0/projects?page=2&page_size=10&q=name=~team>; rel=\"next\"")
        );
        let last = harbor
            .get(ADMIN, "/projects?q=name%3D~team&page=3&page_size=10")
            .await
            .status(200);
        assert_eq!(last.texts("name"), ["team20", "team21", "team22", "team23"]);
        assert_eq!(
            last.header("link"),
            Some("</api/v2.0/projects?page=2&page_size=10&q=name=~team>; rel=\"prev\"")
        );
        let beyond = harbor.get(ADMIN, "/projects?page=99").await.status(200);
        assert_eq!((beyond.text.as_str(), beyond.total()), ("[]\n", 25));
    }
}

#[tokio::test]
async fn a_page_size_of_zero_or_less_gives_everything() {
    for harbor in Harbor::on_both().await {
        for number in 0..120 {
            harbor
                .project(&format!("team{number:03}"), number % 2 == 0)
                .await;
        }
        for size in ["0", "-1"] {
            let all = harbor
                .get(ADMIN, &format!("/projects?page_size={size}"))
                .await
                .status(200);
            assert_eq!(
                (all.texts("name").len(), all.total(), all.header("link")),
                (121, 121, None)
            );
        }
        let none = harbor
            .get(ADMIN, "/projects?page_size=-1&q=name%3Dnothing")
            .await
            .status(200);
        assert_eq!(
            (none.json().as_array().unwrap().len(), none.total()),
            (0, 0)
        );
    }
}

#[tokio::test]
async fn pages_out_of_bounds_break_the_schema() {
    let harbor = Harbor::start().await;
    for (query, told) in [
        (
            "page_size=101",
            "page_size in query should be less than or equal to 100",
        ),
        (
            "page_size=x",
            "page_size in query must be of type int64: \"x\"",
        ),
        ("page=1.5", "page in query must be of type int64: \"1.5\""),
    ] {
        let answer = harbor.get(ADMIN, &format!("/projects?{query}")).await;
        answer.error(422, "UNPROCESSABLE_ENTITY", told);
    }
}

#[tokio::test]
async fn lists_sort_and_ignore_what_they_do_not_know() {
    for harbor in Harbor::on_both().await {
        for name in ["b", "c", "a"] {
            harbor.project(name, false).await;
        }
        let names = async |sort: &str| {
            harbor
                .get(ADMIN, &format!("/projects?sort={sort}"))
                .await
                .status(200)
                .texts("name")
        };
        assert_eq!(names("").await, ["a", "b", "c", "library"]);
        assert_eq!(names("-name").await, ["library", "c", "b", "a"]);
        assert_eq!(names("-creation_time").await, ["a", "c", "b", "library"]);
        assert_eq!(names("nonsense").await.len(), 4);
    }
}

#[tokio::test]
async fn filters_take_every_form() {
    for harbor in Harbor::on_both().await {
        for name in ["alpha", "beta", "alphabet"] {
            harbor.project(name, false).await;
        }
        let found = async |q: &str| {
            harbor
                .get(ADMIN, &format!("/projects?q={q}"))
                .await
                .status(200)
                .texts("name")
        };
        assert_eq!(found("name%3Dalpha").await, ["alpha"]);
        assert_eq!(found("name%3D~ALPHA").await, ["alpha", "alphabet"]);
        assert_eq!(found("name%3D%7Bbeta+alpha%7D").await, ["alpha", "beta"]);
        assert_eq!(
            found("name%3D%7B'beta'+'alpha'%7D").await,
            ["alpha", "beta"]
        );
        assert_eq!(found("public%3Dtrue").await, ["library"]);
        assert_eq!(
            found("creation_time%3D%5B2001-01-01T00:00:00~2002-01-01T00:00:00%5D").await,
            [""; 0]
        );
        assert_eq!(found("unknown%3Dx").await.len(), 4);
    }
}
