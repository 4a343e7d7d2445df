use super::*;

fn job(entity: &str, path: &str) -> NewJob {
    NewJob {
        job_type: JobType::Node,
        entity_name: entity.to_owned(),
        sql: "SELECT 1 AS id".to_owned(),
        column_names: vec!["id".to_owned()],
        gcs_path: path.to_owned(),
        starburst_catalog: None,
        starburst_role: None,
    }
}

fn refusal(jobs: Vec<NewJob>) -> String {
    let request = NewSnapshot {
        name: None,
        jobs,
        max_attempts: None,
    };
    draft(&request, None, 3).unwrap_err()
}

#[test]
fn a_bad_job_is_refused_by_its_place_and_field() {
    let good = job("Customer", "gs://bucket/customer");
    let bad = |change: fn(&mut NewJob)| {
        let mut bad = job("Order", "gs://bucket/order");
        change(&mut bad);
        refusal(vec![good.clone(), bad])
    };
    for (problem, says) in [
        (bad(|job| job.sql = " ".into()), "jobs[1].sql is empty"),
        (
            bad(|job| job.sql = "x".repeat(1_000_001)),
            "jobs[1].sql is longer than 1000000 characters",
        ),
        (
            bad(|job| job.gcs_path = format!("gs://{}/order", "b".repeat(223))),
            "jobs[1].gcs_path: ",
        ),
        (
            bad(|job| job.entity_name = String::new()),
            "jobs[1].entity_name is empty",
        ),
        (
            bad(|job| job.column_names = vec![]),
            "jobs[1].column_names is empty",
        ),
        (
            bad(|job| job.column_names = vec!["a".into(), "a".into()]),
            "jobs[1].column_names[1]: \"a\" is there twice",
        ),
        (
            bad(|job| job.gcs_path = "/tmp".into()),
            "jobs[1].gcs_path: \"/tmp\" is not a gs:// path",
        ),
        (
            bad(|job| job.job_type = JobType::from("vertex".to_owned())),
            "jobs[1].job_type is \"vertex\"",
        ),
        (
            bad(|job| job.entity_name = "Customer".into()),
            "jobs[1].entity_name: there is another",
        ),
    ] {
        assert!(
            problem.starts_with(says),
            "{problem:?} does not begin with {says:?}"
        );
    }
    assert!(refusal(vec![]).starts_with("jobs is empty"));
}

#[test]
fn destinations_of_one_request_may_not_overlap_whatever_stands_between_them() {
    let problem = refusal(vec![
        job("A", "gs://bucket/a/b/c"),
        job("B", "gs://bucket/a-b"),
        job("C", "gs://bucket/a"),
    ]);
    assert!(problem.starts_with("jobs[0].gcs_path"), "{problem}");
    assert!(
        problem.contains("overlaps jobs[2].gcs_path gs://bucket/a/"),
        "{problem}"
    );
}

#[test]
fn a_message_is_cut_at_a_character_and_loses_its_nul() {
    let long = format!("\0{}", "ä".repeat(MAX_MESSAGE_CHARACTERS));
    let cut = update(JobUpdate::Failed {
        error_message: long,
        completed_at: chrono::Utc::now().into(),
    })
    .unwrap();
    let JobUpdate::Failed { error_message, .. } = cut else {
        unreachable!()
    };
    assert_eq!(error_message.chars().count(), MAX_MESSAGE_CHARACTERS + 1);
    assert!(error_message.ends_with("ä…") && !error_message.contains('\0'));
}
