//! The configured directory: loaded at the start, and on request.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use plimsoll_proto::v1;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::sample;
use crate::served::Served;

/// A directory for one test, which goes with it.
struct Temporary(PathBuf);

impl Deref for Temporary {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn empty(name: &str) -> Temporary {
    let own = format!("{name}-{}", std::process::id());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(own);
    fs::create_dir_all(&path).unwrap();
    Temporary(path)
}

async fn load(served: &Served, name: &str) -> Result<Vec<v1::LoadedFile>, Status> {
    let request = v1::LoadParameterDirectoryRequest { file_name: name.to_owned() };
    let loaded = served.parameters().load_parameter_directory(request).await?;
    Ok(loaded.into_inner().files)
}

async fn with(path: &Path) -> Served {
    let path = path.to_owned();
    Served::with(|settings| settings.parameter_directory = Some(path)).await
}

#[tokio::test]
async fn the_start_loads_all_and_activates_the_newest_of_each_house() {
    let path = empty("start");
    for day in [9, 11, 10] {
        fs::write(path.join(format!("harbour-{day}.spn")), sample::of_day(day)).unwrap();
    }
    let other =
        sample::changed(|definition| definition.house = plimsoll_engine::types::House::new("OTHER").ok());
    fs::write(path.join("other.SPN"), other).unwrap();
    fs::write(path.join("damaged.spn"), b"<spanFile>").unwrap();
    fs::write(path.join("notes.txt"), b"not a parameter file").unwrap();
    let served = with(&path).await;
    let request = v1::ListParameterSetsRequest::default();
    let sets = served.parameters().list_parameter_sets(request).await.unwrap().into_inner().parameter_sets;
    let dates: Vec<_> = sets
        .iter()
        .map(|set| {
            let date = set.vintage.as_ref().unwrap().business_date.as_str();
            (set.house.as_str(), date, set.active_scopes.as_slice() == [""])
        })
        .collect();
    assert_eq!(
        dates,
        [
            ("OTHER", "2026-09-18", true),
            ("HARBOR", "2026-09-11", true),
            ("HARBOR", "2026-09-10", false),
            ("HARBOR", "2026-09-09", false),
        ]
    );
}

/// Which of two differing files of one vintage is meant is not decided by their names, nor is an older set active in their place.
#[tokio::test]
async fn of_two_files_of_one_vintage_neither_wins() {
    let path = empty("equals");
    fs::write(path.join("a.spn"), sample::of_day(9)).unwrap();
    fs::write(path.join("b.spn"), [sample::of_day(9), b"\n".to_vec()].concat()).unwrap();
    fs::write(path.join("old.spn"), sample::of_day(8)).unwrap();
    let served = with(&path).await;
    let request = v1::ListParameterSetsRequest::default();
    let sets = served.parameters().list_parameter_sets(request).await.unwrap().into_inner().parameter_sets;
    assert_eq!((sets.len(), sets.iter().all(|set| set.active_scopes.is_empty())), (3, true));
    let files = load(&served, "").await.unwrap();
    let told: Vec<Vec<&str>> = files
        .iter()
        .map(|file| {
            let messages = file.diagnostics.iter().map(|own| own.message.as_str());
            messages.filter(|own| own.contains("one house")).collect()
        })
        .collect();
    let of = |name: &str| format!("of one house and business date with {name}");
    assert_eq!(told, [vec![of("b.spn").as_str()], vec![of("a.spn").as_str()], vec![]]);
}

#[tokio::test]
async fn the_start_keeps_the_newest_when_not_all_fit() {
    let path = empty("newest");
    for day in [1, 2, 3] {
        fs::write(path.join(format!("2026090{day}.spn")), sample::of_day(day)).unwrap();
    }
    fs::write(path.join("again.spn"), sample::of_day(3)).unwrap();
    for (capacity, expected) in
        [(1, vec![("2026-09-03", true)]), (2, vec![("2026-09-03", true), ("2026-09-02", false)])]
    {
        let directory = path.to_path_buf();
        let served = Served::with(|settings| {
            settings.parameter_directory = Some(directory);
            settings.max_parameter_sets = capacity;
        })
        .await;
        let request = v1::ListParameterSetsRequest::default();
        let listed = served.parameters().list_parameter_sets(request).await.unwrap().into_inner();
        let found: Vec<_> = listed
            .parameter_sets
            .iter()
            .map(|set| (set.vintage.as_ref().unwrap().business_date.as_str(), !set.active_scopes.is_empty()))
            .collect();
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn one_file_or_all_on_request() {
    let path = empty("request");
    let served = with(&path).await;
    assert_eq!(load(&served, "").await.unwrap(), []);
    fs::write(path.join("a.spn"), sample::of_day(1)).unwrap();
    fs::write(path.join("b.spn"), b"<spanFile><fileFormat>3.00</fileFormat></spanFile>").unwrap();
    let one = load(&served, "a.spn").await.unwrap();
    assert_eq!((one.len(), one[0].file_name.as_str()), (1, "a.spn"));
    let set = one[0].parameter_set.as_ref().unwrap();
    assert_eq!(set.active_scopes, [""; 0], "loading on request activates nothing");
    let all = load(&served, "").await.unwrap();
    assert_eq!(all.iter().map(|file| file.file_name.as_str()).collect::<Vec<_>>(), ["a.spn", "b.spn"]);
    assert_eq!(all[0].parameter_set.as_ref(), Some(set));
    assert_eq!(all[1].parameter_set, None);
    assert!(all[1].diagnostics.iter().any(|finding| finding.severity() == v1::Severity::Error));
    assert_eq!(served.ids().await, std::slice::from_ref(&set.id));
}

#[tokio::test]
async fn files_that_are_too_large_or_have_no_room_say_so() {
    let path = empty("limits");
    fs::write(path.join("a.spn"), sample::of_day(1)).unwrap();
    fs::write(path.join("b.spn"), [sample::of_day(2), vec![b'\n'; 1000]].concat()).unwrap();
    fs::write(path.join("c.spn"), sample::of_day(3)).unwrap();
    let most = sample::of_day(1).len() as u64;
    let directory = path.to_path_buf();
    let served = Served::with(|settings| {
        settings.parameter_directory = Some(directory);
        settings.max_upload_bytes = most;
        settings.max_parameter_sets = 1;
    })
    .await;
    let files = load(&served, "").await.unwrap();
    let messages: Vec<_> =
        files.iter().map(|file| file.diagnostics.first().map(|d| d.message.clone())).collect();
    assert_eq!(messages[2], None, "the newest was loaded at the start");
    assert_eq!(messages[1].as_deref(), Some(format!("the file is larger than {most} bytes").as_str()));
    assert!(messages[0].as_deref().unwrap().contains("1 parameter sets"), "{messages:?}");
}

#[tokio::test]
async fn no_name_leads_out_of_the_directory() {
    let outside = empty("outside");
    fs::write(outside.join("secret.spn"), sample::file()).unwrap();
    let path = empty("inside");
    fs::create_dir(path.join("folder.spn")).unwrap();
    fs::write(path.join("data.bin"), sample::file()).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(outside.join("secret.spn"), path.join("link.spn")).unwrap();
        std::os::unix::fs::symlink("data.bin", path.join("inner.spn")).unwrap();
    }
    let served = with(&path).await;
    for name in ["../outside.spn", "..", ".", "/etc/passwd", "a\\b", "a\0b", &"n".repeat(300)] {
        let refused = load(&served, name).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{name:?}");
        assert_eq!(refused.get_error_details().bad_request().unwrap().field_violations[0].field, "file_name");
    }
    for name in ["absent.spn", "folder.spn", "link.spn"] {
        let refused = load(&served, name).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{name:?}");
    }
    let inner = load(&served, "inner.spn").await.unwrap();
    assert!(inner[0].parameter_set.is_some(), "a link inside the directory is followed");
}

#[tokio::test]
async fn without_a_directory_there_is_nothing_to_load() {
    let served = Served::start().await;
    for name in ["", "a.spn"] {
        let refused = load(&served, name).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(refused.get_error_details().error_info().unwrap().reason, "NO_PARAMETER_DIRECTORY");
    }
}
