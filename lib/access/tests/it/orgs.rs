//! Small orgs made by chance, the same for the same seed. They hold what a source tree and queries would: the
//! oracle reads them from memory, the engine from the files that `files` makes of them.

mod pools;

use pools::*;

/// An org as far as somebody retrieved and queried it. Each list can be shortened without the rest going wrong.
#[derive(Clone, Debug)]
pub(crate) struct Org {
    pub(crate) seed: u64,
    pub(crate) layout: Layout,
    pub(crate) api: Option<&'static str>,
    pub(crate) objects: Vec<ObjectFile>,
    pub(crate) containers: Vec<ContainerFile>,
    pub(crate) groups: Vec<GroupFile>,
    pub(crate) rules: Vec<Rule>,
    /// Objects with a file of sharing rules, were it empty.
    pub(crate) rule_files: Vec<String>,
    pub(crate) sharing_sets: Vec<SharingSet>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) public_groups: Vec<PublicGroup>,
    pub(crate) roles: Vec<Role>,
    pub(crate) sites: Vec<Site>,
    pub(crate) networks: Vec<&'static str>,
    pub(crate) restrictions: Vec<Restriction>,
    /// `enableExternalSharingModel` of the sharing settings.
    pub(crate) external_model: Option<&'static str>,
    /// `enableAdminLoginAsAnyUser` of the security settings.
    pub(crate) log_in_as: Option<&'static str>,
    pub(crate) users: Option<Table<User>>,
    pub(crate) assignments: Option<Table<Assignment>>,
    pub(crate) set_group_members: Option<Table<SetGroupMember>>,
    pub(crate) group_members: Option<Table<GroupMember>>,
    pub(crate) sharing_models: Option<Table<SharingModel>>,
    /// Fields that the caller adds.
    pub(crate) asked: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Source,
    Metadata,
    /// As `Metadata`, without a manifest.
    Plain,
}

/// A flag as it is written: `true`, `1`, something else, or not at all.
pub(crate) type Written = Option<&'static str>;

#[derive(Clone, Debug)]
pub(crate) struct ObjectFile {
    pub(crate) name: String,
    pub(crate) sharing: Written,
    pub(crate) external: Written,
    /// The `type` of the `nameField`.
    pub(crate) name_type: Written,
    pub(crate) setting: bool,
    pub(crate) fields: Vec<FieldFile>,
}

#[derive(Clone, Debug)]
pub(crate) struct FieldFile {
    pub(crate) name: String,
    pub(crate) kind: Written,
    pub(crate) required: Written,
    pub(crate) formula: bool,
    pub(crate) parent: Option<String>,
    pub(crate) reparentable: Written,
    pub(crate) reads_master: Written,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ContainerKind {
    Profile,
    Set,
    Muting,
}

/// One file of a profile, permission set or muting permission set.
#[derive(Clone, Debug)]
pub(crate) struct ContainerFile {
    pub(crate) kind: ContainerKind,
    pub(crate) name: String,
    /// The package directory: files of one name are in different ones.
    pub(crate) package: usize,
    pub(crate) license: Written,
    pub(crate) broken: bool,
    pub(crate) objects: Vec<ObjectRow>,
    pub(crate) fields: Vec<FieldRow>,
    pub(crate) permissions: Vec<(&'static str, Written)>,
}

/// `create`, `read`, `edit`, `delete`, `viewAll`, `modifyAll`, `viewAllFields`.
#[derive(Clone, Debug)]
pub(crate) struct ObjectRow {
    pub(crate) object: String,
    pub(crate) flags: [Written; 7],
}

#[derive(Clone, Debug)]
pub(crate) struct FieldRow {
    /// `fieldLevelSecurities` instead of `fieldPermissions`.
    pub(crate) old: bool,
    pub(crate) field: String,
    pub(crate) readable: Written,
    pub(crate) hidden: Written,
    pub(crate) editable: Written,
}

#[derive(Clone, Debug)]
pub(crate) struct GroupFile {
    pub(crate) name: &'static str,
    pub(crate) sets: Vec<String>,
    pub(crate) muting: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleKind {
    Owner,
    Criteria,
    Guest,
    Territory,
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) object: String,
    pub(crate) name: String,
    pub(crate) kind: RuleKind,
    /// In a file of its own.
    pub(crate) split: bool,
    /// The element and its text.
    pub(crate) to: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug)]
pub(crate) struct SharingSet {
    pub(crate) name: &'static str,
    pub(crate) profiles: Vec<String>,
    pub(crate) objects: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) name: &'static str,
    pub(crate) objects: Vec<String>,
    pub(crate) users: Vec<String>,
    /// A list other than `users`, and whom it names.
    pub(crate) others: Option<(&'static str, &'static str)>,
}

#[derive(Clone, Debug)]
pub(crate) struct PublicGroup {
    pub(crate) name: &'static str,
    pub(crate) bosses: Written,
}

#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) name: &'static str,
    pub(crate) parent: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
}

#[derive(Clone, Debug)]
pub(crate) struct Restriction {
    pub(crate) name: String,
    /// A `FieldRestrictionRule`.
    pub(crate) of_fields: bool,
    pub(crate) object: String,
    pub(crate) active: Written,
    pub(crate) enforcement: Written,
}

/// A query's output.
#[derive(Clone, Debug)]
pub(crate) struct Table<R> {
    pub(crate) cut: bool,
    pub(crate) rows: Vec<R>,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) active: Option<bool>,
    pub(crate) kind: Written,
    pub(crate) profile: Written,
    pub(crate) license: Written,
    pub(crate) role: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    pub(crate) id: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) namespace: Written,
    pub(crate) set: Written,
    pub(crate) of_profile: Option<bool>,
    pub(crate) group: Written,
}

#[derive(Clone, Debug)]
pub(crate) struct SetGroupMember {
    pub(crate) group: String,
    pub(crate) namespace: Written,
    pub(crate) set: &'static str,
}

#[derive(Clone, Debug)]
pub(crate) struct GroupMember {
    pub(crate) id: String,
    pub(crate) group: String,
    pub(crate) kind: &'static str,
    pub(crate) member: String,
}

#[derive(Clone, Debug)]
pub(crate) struct SharingModel {
    pub(crate) object: String,
    pub(crate) internal: Written,
    pub(crate) external: Written,
}

/// SplitMix64: small, and the same everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x9e37_79b9)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From nought to one less than `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end as u64)).unwrap()
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// Each with the same chance.
    fn some<T: Clone>(&mut self, percent: usize, of: &[T]) -> Vec<T> {
        of.iter().filter(|_| self.chance(percent)).cloned().collect()
    }

    fn maybe<T>(&mut self, percent: usize, make: impl FnOnce(&mut Dice) -> T) -> Option<T> {
        if self.chance(percent) { Some(make(self)) } else { None }
    }

    fn several<T>(&mut self, most: usize, mut make: impl FnMut(&mut Dice, usize) -> T) -> Vec<T> {
        let count = self.below(most + 1);
        (0..count).map(|at| make(self, at)).collect()
    }

    /// A flag that is mostly said, and true with the given chance.
    fn flag(&mut self, percent: usize) -> Written {
        match self.below(20) {
            0 => None,
            1 => Some(if self.chance(percent) { "1" } else { "0" }),
            2 => Some("perhaps"),
            _ => Some(if self.chance(percent) { "true" } else { "false" }),
        }
    }

    /// Names compare in lower case, so any may come so.
    fn cased(&mut self, name: &str) -> String {
        if self.chance(6) { name.to_lowercase() } else { name.to_owned() }
    }
}

/// What there is in an org to speak of, whether or not the source has it.
struct Known {
    objects: Vec<&'static str>,
    fields: Vec<String>,
    profiles: Vec<&'static str>,
    sets: Vec<&'static str>,
    ids: Vec<String>,
}

impl Org {
    pub(crate) fn new(seed: u64) -> Self {
        let dice = &mut Dice::new(seed);
        let layout = dice.pick(&[Layout::Source, Layout::Source, Layout::Metadata, Layout::Plain]);
        let api = if layout == Layout::Plain || dice.chance(15) { None } else { Some(dice.pick(VERSIONS)) };
        let mut objects: Vec<&'static str> = dice.pick(FAMILIES).to_vec();
        objects.extend(dice.several(5, |dice, _| dice.pick(OBJECTS)));
        objects.sort_unstable();
        objects.dedup();
        let mut fields: Vec<String> = objects.iter().flat_map(|object| fields_of(dice, object)).collect();
        fields.sort_unstable();
        fields.dedup();
        let some_profiles = 1 + dice.below(4);
        let mut profiles: Vec<&'static str> = (0..some_profiles).map(|_| dice.pick(PROFILES)).collect();
        profiles.sort_unstable();
        profiles.dedup();
        let sets = dice.some(55, SETS);
        let ids = (0..5).map(|at| id("005", at, dice.chance(50))).collect();
        let known = Known { objects, fields, profiles, sets, ids };

        let mut org = Org {
            seed,
            layout,
            api,
            objects: known
                .objects
                .clone()
                .into_iter()
                .filter_map(|name| object(dice, &known, name))
                .collect(),
            containers: containers(dice, &known),
            groups: dice.some(60, GROUPS).into_iter().map(|name| group(dice, name)).collect(),
            rules: dice.several(7, |dice, at| rule(dice, &known, at)),
            rule_files: dice.several(2, |dice, _| {
                let name = dice.pick(&known.objects);
                dice.cased(name)
            }),
            sharing_sets: dice
                .some(40, &["Patients_Own", "Cases_Own"])
                .into_iter()
                .map(|name| SharingSet {
                    name,
                    profiles: dice.several(3, |dice, _| {
                        let name = dice.pick(PROFILES);
                        dice.cased(name)
                    }),
                    objects: dice.several(3, |dice, _| {
                        let name = dice.pick(&known.objects);
                        dice.cased(name)
                    }),
                })
                .collect(),
            queues: dice
                .some(40, QUEUES)
                .into_iter()
                .map(|name| Queue {
                    name,
                    objects: dice.several(3, |dice, _| {
                        let name = dice.pick(&known.objects);
                        dice.cased(name)
                    }),
                    users: dice.several(2, |dice, _| {
                        let at = dice.below(6);
                        dice.cased(&user_name(at))
                    }),
                    others: dice.maybe(40, |dice| dice.pick(QUEUE_LISTS)),
                })
                .collect(),
            public_groups: dice
                .some(60, &PUBLIC_GROUPS[..3])
                .into_iter()
                .map(|name| PublicGroup {
                    name,
                    bosses: if dice.chance(40) { Some("false") } else { dice.flag(50) },
                })
                .collect(),
            roles: roles(dice),
            sites: dice.some(60, SITES).into_iter().map(|(name, label)| Site { name, label }).collect(),
            networks: dice.some(30, NETWORKS),
            restrictions: dice.several(3, |dice, at| restriction(dice, &known, at)),
            external_model: dice.maybe(50, |dice| dice.flag(50)).flatten(),
            log_in_as: dice.maybe(60, |dice| dice.flag(70)).flatten(),
            users: dice.maybe(75, |dice| table(dice, 8, |dice| users(dice, &known))),
            assignments: dice.maybe(80, |dice| {
                table(dice, 12, |dice| dice.several(9, |dice, _| assignment(dice, &known)))
            }),
            set_group_members: dice
                .maybe(35, |dice| table(dice, 25, |dice| dice.several(6, |dice, _| set_group_member(dice)))),
            group_members: dice.maybe(60, |dice| {
                table(dice, 15, |dice| dice.several(9, |dice, _| group_member(dice, &known)))
            }),
            sharing_models: dice.maybe(50, |dice| {
                table(dice, 15, |dice| dice.several(5, |dice, _| sharing_model(dice, &known)))
            }),
            asked: dice.some(50, &known.fields).into_iter().map(|name| dice.cased(&name)).collect(),
        };
        if let Some(table) = &mut org.sharing_models {
            let name = |row: &SharingModel| row.object.to_lowercase();
            table.rows.sort_by_key(name);
            table.rows.dedup_by_key(|row| name(row));
        }
        org.rule_files.sort_unstable();
        org.rule_files.dedup();
        org
    }
}

fn table<R>(dice: &mut Dice, cut: usize, rows: impl FnOnce(&mut Dice) -> Vec<R>) -> Table<R> {
    Table { cut: dice.chance(cut), rows: rows(dice) }
}

/// An id of fifteen or eighteen characters.
fn id(prefix: &str, at: usize, long: bool) -> String {
    format!("{prefix}0000000000{at:02}{}", if long { "AAA" } else { "" })
}

fn user_name(at: usize) -> String {
    format!("User{at}@clinic.example")
}

fn fields_of(dice: &mut Dice, object: &str) -> Vec<String> {
    let standard = STANDARD_FIELDS.iter().filter(|(of, _)| *of == object).flat_map(|(_, names)| names.iter());
    let standard: Vec<&str> = standard.chain(ANY_FIELDS).copied().collect();
    let few = if standard.len() > 12 { 30 } else { 15 };
    let mut names = dice.some(few, &standard);
    names.extend(dice.some(30, CUSTOM_FIELDS));
    if object == "Account" {
        names.extend(dice.some(50, PERSON_FIELDS));
    }
    names.into_iter().map(|name| format!("{object}.{name}")).collect()
}

fn object(dice: &mut Dice, known: &Known, name: &'static str) -> Option<ObjectFile> {
    if dice.chance(25) {
        return None;
    }
    let whole = dice.chance(85);
    let mut fields = Vec::new();
    for field in known.fields.iter().filter_map(|field| field.strip_prefix(name)?.strip_prefix('.')) {
        // Parts of addresses and fields of person accounts stand in no file, standard ones in few.
        let often = if field.ends_with("__c") {
            70
        } else if field.contains("__") {
            0
        } else {
            12
        };
        if dice.chance(often) {
            fields.push(description(dice, known, field));
        }
    }
    if !whole && fields.is_empty() {
        return None;
    }
    Some(ObjectFile {
        name: dice.cased(name),
        sharing: if whole { dice.maybe(65, |dice| dice.pick(SHARING)) } else { None },
        external: if whole { dice.maybe(35, |dice| dice.pick(SHARING)) } else { None },
        name_type: if whole {
            dice.maybe(70, |dice| dice.pick(&["Text", "Text", "AutoNumber"]))
        } else {
            None
        },
        setting: whole && name == "Prefs__c" && dice.chance(70),
        fields,
    })
}

fn description(dice: &mut Dice, known: &Known, name: &str) -> FieldFile {
    let custom = name.ends_with("__c");
    let kind = if custom { dice.maybe(95, |dice| dice.pick(FIELD_TYPES)) } else { None };
    let master = kind == Some("MasterDetail");
    FieldFile {
        name: name.to_owned(),
        kind,
        required: dice.maybe(30, |dice| dice.flag(60)).flatten(),
        formula: custom && !master && dice.chance(15),
        parent: if master {
            dice.maybe(95, |dice| {
                let name = dice.pick(&known.objects);
                dice.cased(name)
            })
        } else {
            None
        },
        reparentable: if master { dice.maybe(50, |dice| dice.flag(60)).flatten() } else { None },
        reads_master: if master { dice.maybe(50, |dice| dice.flag(60)).flatten() } else { None },
    }
}

fn containers(dice: &mut Dice, known: &Known) -> Vec<ContainerFile> {
    let mut files = Vec::new();
    let muting = dice.some(60, &MUTING[..2]);
    let named = known.profiles.iter().map(|name| (ContainerKind::Profile, *name));
    let named = named.chain(known.sets.iter().map(|name| (ContainerKind::Set, *name)));
    for (kind, name) in named.chain(muting.into_iter().map(|name| (ContainerKind::Muting, name))) {
        let license = match kind {
            ContainerKind::Profile => dice.maybe(75, |dice| dice.pick(LICENSES)),
            ContainerKind::Set => dice.maybe(25, |dice| dice.pick(LICENSES)),
            ContainerKind::Muting => None,
        };
        let count = if dice.chance(12) { 2 } else { 1 };
        for package in 0..count {
            files.push(ContainerFile {
                kind,
                name: if package > 0 { dice.cased(name) } else { name.to_owned() },
                package,
                license: license.filter(|_| dice.chance(85)),
                broken: dice.chance(5),
                objects: dice.several(5, |dice, _| object_row(dice, known, kind)),
                fields: dice.several(9, |dice, _| field_row(dice, known)),
                permissions: dice.several(5, |dice, _| {
                    let often = if kind == ContainerKind::Muting { 60 } else { 70 };
                    (dice.pick(PERMISSIONS), dice.flag(often))
                }),
            });
        }
    }
    files
}

fn object_row(dice: &mut Dice, known: &Known, kind: ContainerKind) -> ObjectRow {
    let name = dice.pick(&known.objects);
    let few = if kind == ContainerKind::Muting { 25 } else { 15 };
    let chances = [30, 65, 40, 25, few, few, few];
    ObjectRow { object: dice.cased(name), flags: chances.map(|often| dice.flag(often)) }
}

fn field_row(dice: &mut Dice, known: &Known) -> FieldRow {
    let name = dice.pick(&known.fields);
    let old = dice.chance(15);
    FieldRow {
        old,
        field: dice.cased(&name),
        readable: if old && dice.chance(70) { None } else { dice.flag(60) },
        hidden: if old || dice.chance(10) { dice.flag(40) } else { None },
        editable: dice.flag(40),
    }
}

fn group(dice: &mut Dice, name: &'static str) -> GroupFile {
    GroupFile {
        name,
        sets: dice.some(30, SETS).into_iter().map(|name| dice.cased(name)).collect(),
        muting: if dice.chance(50) { dice.some(40, MUTING) } else { Vec::new() },
    }
}

fn rule(dice: &mut Dice, known: &Known, at: usize) -> Rule {
    let kind = dice.pick(&[RuleKind::Owner, RuleKind::Criteria, RuleKind::Guest, RuleKind::Territory]);
    let to = match kind {
        RuleKind::Guest => vec![("guestUser", {
            let name = dice.pick(GUESTS);
            dice.cased(name)
        })],
        _ => (0..1 + dice.below(2)).map(|_| target(dice)).collect(),
    };
    Rule {
        object: {
            let name = dice.pick(&known.objects);
            dice.cased(name)
        },
        name: format!("Rule{at}"),
        kind,
        split: dice.chance(30),
        to: if dice.chance(4) { Vec::new() } else { to },
    }
}

fn target(dice: &mut Dice) -> (&'static str, String) {
    let element = dice.pick(TARGETS);
    let name = match element {
        "group" => dice.pick(PUBLIC_GROUPS),
        "allInternalUsers" | "allCustomerPortalUsers" | "allPartnerUsers" => "",
        _ => dice.pick(ROLES),
    };
    (element, dice.cased(name))
}

/// Chief over head over the others; sometimes a file lacks, and rarely the chain runs in a circle.
fn roles(dice: &mut Dice) -> Vec<Role> {
    let parents = [None, Some("Chief"), Some("Head"), Some("Head"), Some("Gone")];
    let named = ROLES.iter().zip(parents).map(|(name, parent)| Role { name, parent });
    let mut roles: Vec<Role> = named.filter(|_| dice.chance(85)).collect();
    if dice.chance(3)
        && let Some(first) = roles.first_mut()
    {
        first.parent = Some("Doctor");
    }
    roles
}

fn restriction(dice: &mut Dice, known: &Known, at: usize) -> Restriction {
    let name = dice.pick(&known.objects);
    Restriction {
        name: format!("Restriction{at}"),
        of_fields: dice.chance(50),
        object: dice.cased(name),
        active: dice.flag(70),
        enforcement: dice.maybe(80, |dice| dice.pick(&["Restrict", "Scoping"])),
    }
}

fn users(dice: &mut Dice, known: &Known) -> Vec<User> {
    let count = 1 + dice.below(5);
    (0..count)
        .map(|at| User {
            id: known.ids[at].clone(),
            name: user_name(at),
            active: dice.maybe(85, |dice| dice.chance(90)),
            kind: dice.maybe(60, |dice| dice.pick(USER_TYPES)),
            profile: dice.maybe(92, |dice| {
                if dice.chance(80) { dice.pick(&known.profiles) } else { dice.pick(PROFILE_NAMES) }
            }),
            license: dice.maybe(50, |dice| dice.pick(LICENSES)),
            role: dice.maybe(70, |dice| {
                let name = dice.pick(ROLES);
                dice.cased(name)
            }),
        })
        .collect()
}

fn assignment(dice: &mut Dice, known: &Known) -> Assignment {
    let at = dice.below(5);
    let by_id = dice.chance(60);
    let grouped = dice.chance(35);
    let set = match dice.below(10) {
        0 => "Ghost",
        1 => "ns__Vendor",
        _ => dice.pick(SETS),
    };
    let (namespace, set) = match set.strip_prefix("ns__") {
        Some(bare) => (Some("ns"), bare),
        None => (None, set),
    };
    Assignment {
        id: by_id.then(|| known.ids[at].clone()),
        user: if by_id && dice.chance(50) { None } else { Some(dice.cased(&user_name(at))) },
        namespace,
        set: if grouped && dice.chance(50) { None } else { Some(set) },
        of_profile: dice.maybe(60, |dice| dice.chance(20)),
        group: if grouped { Some(dice.pick(GROUP_NAMES)) } else { None },
    }
}

fn set_group_member(dice: &mut Dice) -> SetGroupMember {
    let set = if dice.chance(10) { "Ghost" } else { dice.pick(SETS) };
    let (namespace, set) = match set.strip_prefix("ns__") {
        Some(bare) => (Some("ns"), bare),
        None => (None, set),
    };
    let group = dice.pick(GROUP_NAMES);
    SetGroupMember { group: dice.cased(group), namespace, set }
}

/// Members of the public groups, which hold each other as well, and of the queues.
fn group_member(dice: &mut Dice, known: &Known) -> GroupMember {
    let (name, kind, at) = if dice.chance(25) {
        let at = dice.below(QUEUES.len());
        (QUEUES[at], "Queue", 50 + at)
    } else {
        let at = dice.below(PUBLIC_GROUPS.len());
        (PUBLIC_GROUPS[at], "Regular", at)
    };
    let member = match dice.below(10) {
        0..5 => {
            let bare = &known.ids[dice.below(5)][..15];
            format!("{bare}{}", if dice.chance(50) { "AAA" } else { "" })
        }
        5..9 => id("00G", dice.below(PUBLIC_GROUPS.len()), dice.chance(50)),
        _ => id("00G", 90, false),
    };
    GroupMember { id: id("00G", at, dice.chance(50)), group: dice.cased(name), kind, member }
}

fn sharing_model(dice: &mut Dice, known: &Known) -> SharingModel {
    let name = if dice.chance(90) { dice.pick(&known.objects) } else { dice.pick(OBJECTS) };
    SharingModel {
        object: dice.cased(name),
        internal: dice.maybe(90, |dice| dice.pick(SHARING)),
        external: dice.maybe(70, |dice| dice.pick(SHARING)),
    }
}
