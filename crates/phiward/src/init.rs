use crate::arguments::Init;
use crate::{Verdict, files, judge, today};

pub(crate) fn run(arguments: &Init) -> Result<Verdict, String> {
    let project = judge::read_project(&arguments.path)?;
    let policy = policy::Policy::empty();
    let out = arguments.out.clone().unwrap_or_else(|| project.root().join("phiward"));
    let taken = std::fs::read_dir(&out).is_ok_and(|mut entries| entries.next().is_some());
    if taken {
        return Err(format!(
            "`{}` is not empty, and nothing is overwritten; name another folder with --out",
            out.display()
        ));
    }
    let name = std::fs::canonicalize(project.root())
        .ok()
        .and_then(|root| root.file_name().map(|name| name.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "project".to_owned());
    let facts = sfdx::Facts::default();
    let input = scan::Input { project: &project, policy: &policy, bundle: "", facts: &facts, today: today() };
    let proposed = scan::propose(&input, &name);
    for file in &proposed {
        let (folder, name) = match file.name.rsplit_once('/') {
            Some((below, name)) => (out.join(below), name),
            None => (out.clone(), file.name),
        };
        files::folder(&folder)?;
        files::write_below(&folder, name, file.text.as_bytes())?;
        println!("wrote {}", folder.join(name).display());
    }
    println!(
        "answer {}, then run `phiward policy check {}`",
        out.join("questions.md").display(),
        out.display()
    );
    Ok(Verdict::InOrder)
}
