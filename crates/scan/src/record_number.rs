//! Fields that tell of a record which one it is, and nothing of whom it is about.

use crate::Context;

/// Numbers that Salesforce counts for records of its own objects.
const NUMBERS: [&str; 7] = [
    "AppointmentNumber",
    "CaseNumber",
    "ContractNumber",
    "LineItemNumber",
    "OrderNumber",
    "TicketNumber",
    "WorkOrderNumber",
];

/// Whether `Object.Field` is the number of a record, counted by the org.
pub(crate) fn is_record_number(cx: &Context<'_>, field: &str) -> bool {
    let Some((object, name)) = field.rsplit_once('.') else { return false };
    let counts = |kind: &str| kind.eq_ignore_ascii_case("AutoNumber");
    if name.eq_ignore_ascii_case("Name") {
        let named = cx.project.object(object).and_then(|object| object.name_field());
        return named.and_then(|named| named.data_type()).is_some_and(|kind| counts(&kind));
    }
    NUMBERS.iter().any(|number| number.eq_ignore_ascii_case(name))
        || cx.project.field(field).and_then(|field| field.data_type()).is_some_and(|kind| counts(&kind))
}
