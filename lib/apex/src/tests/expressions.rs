use super::{expression, statements};

fn all(cases: &[(&str, &str)]) {
    for (text, shape) in cases {
        assert_eq!(expression(text), *shape, "{text}");
    }
}

#[test]
fn literals_and_names() {
    all(&[
        ("null", "Null:null"),
        ("TRUE", "True:TRUE"),
        ("false", "False:false"),
        ("1", "Integer:1"),
        ("1L", "Long:1L"),
        ("1.0", "Decimal:1.0"),
        ("'a'", "Text:'a'"),
        ("this", "this"),
        ("this.a", "this.a"),
        ("super.m()", "super.m()"),
        ("((a))", "a"),
    ]);
}

#[test]
fn ranks_of_operators() {
    all(&[
        ("a + b * c", "(a Add (b Multiply c))"),
        ("a - b - c + d", "(a Subtract b Subtract c Add d)"),
        ("a * b / c % d", "(a Multiply b Divide c Remainder d)"),
        ("a || b && c", "(a Or (b And c))"),
        ("a | b ^ c & d", "(a BitOr (b BitXor (c BitAnd d)))"),
        ("a == b && c != d", "((a Equal b) And (c NotEqual d))"),
        ("a === b || c !== d || e <> f", "((a Identical b) Or (c NotIdentical d) Or (e NotEqual f))"),
        ("a < b == c >= d", "((a Less b) Equal (c GreaterEqual d))"),
        ("a <= b", "(a LessEqual b)"),
        ("a < = b", "(a LessEqual b)"),
        ("a > = b", "(a GreaterEqual b)"),
        ("a << 2 + b", "(a ShiftLeft (Integer:2 Add b))"),
        ("a ?? b ?? c", "(a Coalesce b Coalesce c)"),
        ("a ?? b || c", "(a Coalesce (b Or c))"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a ? b ? c : d : e", "(a ? (b ? c : d) : e)"),
        ("(a + b) * c", "((a Add b) Multiply c)"),
        ("a == null ? b : c", "((a Equal Null:null) ? b : c)"),
    ]);
}

#[test]
fn signs_before_and_behind() {
    all(&[
        ("-a", "-(a)"),
        ("- -a", "-(-(a))"),
        ("!a && !b", "(!(a) And !(b))"),
        ("~a", "~(a)"),
        ("+1", "+(Integer:1)"),
        ("a - -1", "(a Subtract -(Integer:1))"),
        ("a++ + ++b", "(step(a) Add step(b))"),
        ("-a.b()", "-(a.b())"),
        ("!a.b[0]", "!(a.b[Integer:0])"),
        ("i-- > 0", "(step(i) Greater Integer:0)"),
    ]);
}

#[test]
fn shifts_and_generics() {
    all(&[
        ("a >> b", "(a ShiftRight b)"),
        ("a >>> b", "(a ShiftRight b)"),
        ("a < b && c > d", "((a Less b) And (c Greater d))"),
        ("f(a < b, c > d)", "f((a Less b), (c Greater d))"),
        ("i < n.size() && n.size() > (x)", "((i Less n.size()) And (n.size() Greater x))"),
        ("new Map<Id, List<Set<Id>>>()", "new Map<Id, List<Set<Id>>>()"),
        ("new Map<Id, List<Account>>{a => b}", "new Map<Id, List<Account>>{a => b}"),
        ("(List<List<A>>) a", "cast(List<List<A>>, a)"),
        ("List<Map<Id, A>>.class", "class(List<Map<Id, A>>)"),
    ]);
    assert_eq!(
        statements("a >>= 2; a >>>= 2; a <<= 2;"),
        "(a ShiftRight= Integer:2); (a ShiftRight= Integer:2); (a ShiftLeft= Integer:2);"
    );
    assert_eq!(statements("List<List<A>> x; i < n;"), "local List<List<A>> x; (i Less n);");
}

#[test]
fn casts_and_parentheses() {
    all(&[
        ("(String) a", "cast(String, a)"),
        ("(String) a.b()", "cast(String, a.b())"),
        ("((String) a).b()", "cast(String, a).b()"),
        ("(a) + b", "(a Add b)"),
        ("(a) - b", "(a Subtract b)"),
        ("(Integer) -b", "cast(Integer, -(b))"),
        ("(Decimal) +1", "cast(Decimal, +(Integer:1))"),
        ("(a.b) * c", "(a.b Multiply c)"),
        ("(A.B) c", "cast(A.B, c)"),
        ("(A[]) c", "cast(A[], c)"),
        ("(Boolean) !c", "cast(Boolean, !(c))"),
        ("(A) (B) c", "cast(A, cast(B, c))"),
        ("(A) new B()", "cast(A, new B())"),
        ("(A) this", "cast(A, this)"),
        ("(Integer) 1.5", "cast(Integer, Decimal:1.5)"),
        ("(String) 'a'", "cast(String, Text:'a')"),
        ("(a) instanceof B", "is(a, B)"),
        ("(a) ? b : c", "(a ? b : c)"),
        ("(a) && b", "(a And b)"),
        ("(a)", "a"),
        ("(a).b", "a.b"),
        ("(a)[0]", "a[Integer:0]"),
        ("(A) [SELECT Id FROM B]", "cast(A, query[SELECT Id FROM B]())"),
        (
            "(Map<String, Object>) JSON.deserializeUntyped(s)",
            "cast(Map<String, Object>, JSON.deserializeUntyped(s))",
        ),
    ]);
}

#[test]
fn instanceof_beside_comparisons() {
    all(&[
        ("a instanceof B && c", "(is(a, B) And c)"),
        ("!(a instanceof List<B>)", "!(is(a, List<B>))"),
        ("a instanceof A.B == true", "(is(a, A.B) Equal True:true)"),
        ("a < b instanceof C", "is((a Less b), C)"),
    ]);
}

#[test]
fn chains() {
    all(&[
        ("a.b.c", "a.b.c"),
        ("a?.b?.c().d", "a?.b?.c().d"),
        ("a.b(c, d).e[0].f()", "a.b(c, d).e[Integer:0].f()"),
        ("f(g(), h)", "f(g(), h)"),
        ("new A().b()", "new A().b()"),
        ("[SELECT Id FROM A].size()", "query[SELECT Id FROM A]().size()"),
        ("[SELECT Id FROM A][0].Id", "query[SELECT Id FROM A]()[Integer:0].Id"),
        ("Trigger.new[0].addError('x')", "Trigger.new[Integer:0].addError(Text:'x')"),
        ("Trigger.newMap.get(a.Id)", "Trigger.newMap.get(a.Id)"),
        ("boolean.valueOf(a)", "boolean.valueOf(a)"),
        ("a.class.b", "class(a.class).b"),
        ("Account.SObjectType", "Account.SObjectType"),
        ("'a'.length()", "Text:'a'.length()"),
        ("1.format()", "Integer:1.format()"),
        ("a.new", "a.new"),
        ("Package.Version.1.0", "Package.Version.1.0"),
        ("a.select.from.delete()", "a.select.from.delete()"),
    ]);
}

#[test]
fn classes_as_values() {
    all(&[
        ("A.class", "class(A.class)"),
        ("A.B.class.getName()", "class(A.B.class).getName()"),
        ("List<String>.class", "class(List<String>)"),
        ("A[].class", "class(A[])"),
        ("void.class", "class(void.class)"),
        ("(List<A>.class)", "class(List<A>)"),
    ]);
}

#[test]
fn new_things() {
    all(&[
        ("new A()", "new A()"),
        ("new A.B(1)", "new A.B(Integer:1)"),
        ("new Account(Name = 'x', Owner__c = o)", "new Account((Name = Text:'x'), (Owner__c = o))"),
        ("new List<A>{a, b}", "new List<A><0>{a, b}"),
        ("new A[]{a, b,}", "new A[]<1>{a, b}"),
        ("new A[5]", "new A<1>Integer:5{}"),
        ("new A[][]{}", "new A[][]<2>{}"),
        ("new Set<Id>{}", "new Set<Id><0>{}"),
        ("new Map<Id, A>{}", "new Map<Id, A>{}"),
        ("new Map<Id, A>{x => y, z => w}", "new Map<Id, A>{x => y, z => w}"),
        ("new Map<Id, A>([SELECT Id FROM A])", "new Map<Id, A>(query[SELECT Id FROM A]())"),
        ("new System.HttpRequest()", "new System.HttpRequest()"),
    ]);
}

#[test]
fn assignments() {
    assert_eq!(
        statements("a = b = c; a.b += 1; a[0] -= 1; a *= 2; a /= 2; a &= b; a |= b; a ^= b;"),
        "(a = (b = c)); (a.b Add= Integer:1); (a[Integer:0] Subtract= Integer:1); (a Multiply= Integer:2); \
         (a Divide= Integer:2); (a BitAnd= b); (a BitOr= b); (a BitXor= b);"
    );
    assert_eq!(expression("(a = b) == c"), "((a = b) Equal c)");
}
