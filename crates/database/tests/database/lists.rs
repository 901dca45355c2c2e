//! `q=`, `sort=` and pages against real rows.

use seawall_database::query::{Field, FieldKind, ListQuery};
use seawall_database::{SqlBuilder, params};

use crate::{Opened, both};

const FIELDS: &[Field] = &[
    Field {
        key: "name",
        column: "name",
        kind: FieldKind::Text,
    },
    Field {
        key: "size",
        column: "size",
        kind: FieldKind::Integer,
    },
    Field {
        key: "public",
        column: "public",
        kind: FieldKind::Boolean,
    },
    Field {
        key: "creation_time",
        column: "creation_time",
        kind: FieldKind::Time,
    },
];

async fn fill(opened: &Opened) {
    opened
        .database
        .write(|tx| {
            Box::pin(async move {
                for (name, size, public, day) in
                    [("alpha", 1, true, 1), ("Beta", 2, false, 2), ("al_ha", 3, false, 3), ("100%", 10, true, 4), ("7", 7, false, 5)]
                {
                    tx.execute(
                        "INSERT INTO things (name, size, public, creation_time) VALUES ($1, $2, $3, $4)",
                        params![name, size, public, 1_577_836_800_000_000_i64 + (i64::from(day) - 1) * 86_400_000_000],
                    )
                    .await?;
                }
                Ok::<_, seawall_database::DatabaseError>(())
            })
        })
        .await
        .unwrap();
}

async fn list(opened: &Opened, q: &str, sort: &str, page: &str, page_size: &str) -> String {
    let query = ListQuery::parse(Some(q), Some(sort), Some(page), Some(page_size)).unwrap();
    let mut sql = SqlBuilder::new("SELECT name FROM things WHERE 1 = 1");
    sql.filters(&query, FIELDS)
        .order(&query, FIELDS, "id")
        .limit(&query);
    let (sql, params) = sql.build();
    let names: Vec<String> = opened
        .database
        .read()
        .await
        .unwrap()
        .fetch_all(sql, params)
        .await
        .unwrap();
    names.join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_finds_the_same_rows_on_both_engines() {
    for opened in both().await {
        fill(&opened).await;
        for (q, expected) in [
            ("", "alpha Beta al_ha 100% 7"),
            ("name=alpha", "alpha"),
            ("name=beta", ""),
            ("name=~BET", "Beta"),
            ("name=~l_h", "al_ha"),
            ("name=~0%", "100%"),
            ("name=~%", "100%"),
            ("name={alpha 7 nothing}", "alpha 7"),
            ("name={}", ""),
            ("name=[a~b]", "alpha al_ha"),
            ("name=7", "7"),
            ("size=2", "Beta"),
            ("size=two", ""),
            ("size=[2~7]", "Beta al_ha 7"),
            ("size=[~2]", "alpha Beta"),
            ("size=[a~]", ""),
            ("size={1 10 x}", "alpha 100%"),
            ("size=~1", "alpha 100%"),
            ("public=true", "alpha 100%"),
            ("public=0", "Beta al_ha 7"),
            ("public={true}", "alpha 100%"),
            ("public={true false}", "alpha Beta al_ha 100% 7"),
            (
                "creation_time=[2020-01-02T00:00:00~2020-01-03T00:00:00]",
                "Beta al_ha",
            ),
            ("creation_time=2020-01-01T00:00:00", "alpha"),
            (
                "creation_time={2020-01-01T00:00:00 2020-01-05T00:00:00}",
                "alpha 7",
            ),
            ("CreationTime=[2020-01-05T00:00:00~]", "7"),
            ("creation_time__lt=2020-01-02T00:00:00", "alpha"),
            ("name__icontains=ALP", "alpha"),
            (
                "name__nonsense=ALP,unknown=1,size=(1 2)",
                "alpha Beta al_ha 100% 7",
            ),
            ("size=[2~],public=false", "Beta al_ha 7"),
        ] {
            assert_eq!(
                list(&opened, q, "", "", "").await,
                expected,
                "q={q} on {:?}",
                opened.database.engine()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sort_and_pages_cut_the_same_rows_on_both_engines() {
    for opened in both().await {
        fill(&opened).await;
        for (sort, page, size, expected) in [
            ("name", "", "", "100% 7 Beta al_ha alpha"),
            ("-size", "", "", "100% 7 al_ha Beta alpha"),
            ("public,-size", "", "", "7 al_ha Beta 100% alpha"),
            ("unknown", "", "", "alpha Beta al_ha 100% 7"),
            ("-size", "1", "2", "100% 7"),
            ("-size", "3", "2", "alpha"),
            ("-size", "4", "2", ""),
            ("", "9223372036854775807", "100", ""),
            ("-size", "2", "0", "100% 7 al_ha Beta alpha"),
            ("-size", "-3", "1", "100%"),
        ] {
            assert_eq!(
                list(&opened, "", sort, page, size).await,
                expected,
                "sort={sort} page={page} page_size={size}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_query_makes_either_engine_fail() {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    use proptest::test_runner::TestRunner;
    let text = "(name|size|public|creation_time|Name__gte|size__in)=[~\\[{(\\\\]?[a-z0-9~ '\"%_;é-]{1,12}[\\]})]?";
    let strategy = proptest::string::string_regex(text).unwrap();
    let mut runner = TestRunner::default();
    for opened in both().await {
        fill(&opened).await;
        for _ in 0..300 {
            let q = strategy.new_tree(&mut runner).unwrap().current();
            if ListQuery::parse(Some(&q), None, None, None).is_ok() {
                list(&opened, &q, "-name", "", "").await;
            }
        }
    }
}
