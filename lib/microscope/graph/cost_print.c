/* wg_cost_print: a table of costs for a person. Each of its three tables is computed twice, for the widths of its columns and for the
   text. */
#include <string.h>

#include "microscope/graph/scan.h"
#include "microscope/graph/text.h"

enum { MAX_COLUMNS = 8, CELL = 64 };

struct row {
    char label[2 * CELL]; /* at the left; the other cells are numbers at the right of their columns */
    char cell[MAX_COLUMNS][CELL];
};

struct place { /* of a section in the tree */
    size_t section, depth;
};

struct printer {
    FILE *stream;
    const wg_cost_table *table;
    struct place *tree; /* the sections, each before those inside it */
    bool timed;
    bool printing; /* else the widths are computed */
    int columns, label_width, width[MAX_COLUMNS];
};

/* ---- cells ---- */

/* A number of the part's sum: "-" without nodes, "?" if none of it is known, "≥" if some of it is not. */
static void say_part(const struct printer *p, const wg_cost_sum *sum, wg_cost_part part, double number, char *text)
{
    char digits[CELL - 8];
    const bool missing = sum->nodes == 0 && part == WG_COST_BACKWARD && !p->table->backward_known;
    if (missing || (sum->nodes > 0 && sum->unknown == sum->nodes))
        strcpy(text, "?");
    else if (sum->nodes == 0)
        strcpy(text, "-");
    else {
        wg_number_text(number, digits, sizeof digits);
        snprintf(text, CELL, "%s%s", sum->unknown > 0 ? "≥ " : "", digits);
    }
}

static void say_time(const wg_cost_sum *sum, char *text)
{
    char digits[CELL - 8];
    wg_number_text(sum->nanoseconds, digits, sizeof digits);
    if (sum->timed == 0)
        strcpy(text, sum->nodes > 0 ? "?" : "-");
    else
        snprintf(text, CELL, "%s%s", sum->timed < sum->nodes ? "≥ " : "", digits);
}

/* ---- rows ---- */

/* Columns that a terminal shows: bytes of UTF-8 that begin a character. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void put_row(struct printer *p, const struct row *row)
{
    const int label = width_of(row->label);
    if (!p->printing && label > p->label_width)
        p->label_width = label;
    if (p->printing)
        fprintf(p->stream, "%s%*s", row->label, p->label_width - label, "");
    for (int c = 0; c < p->columns; c++) {
        const int width = width_of(row->cell[c]);
        if (!p->printing && width > p->width[c])
            p->width[c] = width;
        if (p->printing)
            fprintf(p->stream, "%*s%s", p->width[c] - width + 3, "", row->cell[c]);
    }
    if (p->printing)
        fputc('\n', p->stream);
}

/* Calls rows for the widths, then for the text. */
static void put_table(struct printer *p, int columns, void (*rows)(struct printer *p))
{
    p->columns = columns;
    p->label_width = 0;
    memset(p->width, 0, sizeof p->width);
    for (int printing = 0; printing < 2; printing++) {
        p->printing = printing;
        rows(p);
    }
}

/* ---- totals by kind ---- */

static void put_totals(struct printer *p)
{
    const wg_cost_sum *sum = p->table->section[0].sum;
    struct row row = {.label = "total"}, more[] = {{.label = "bytes saved for backward"},
                                                   {.label = "bytes allocated"},
                                                   {.label = "allocations"},
                                                   {.label = "nodes"},
                                                   {.label = "nanoseconds"}};
    for (int part = 0; part < WG_COST_PARTS; part++)
        snprintf(row.cell[part], CELL, "%s", wg_part_name[part]);
    put_row(p, &row);
    for (size_t k = 0; k < WG_COST_MEMBERS; k++) {
        snprintf(row.label, sizeof row.label, "%s", wg_cost_member[k].title);
        for (int part = 0; part < WG_COST_PARTS; part++)
            say_part(p, &sum[part], (wg_cost_part)part, wg_cost_number(sum[part].cost, k), row.cell[part]);
        put_row(p, &row);
    }
    for (int part = 0; part < WG_COST_PARTS; part++) { /* these are known for each node, whatever its op states */
        wg_cost_sum known = sum[part];
        known.unknown = 0;
        say_part(p, &known, (wg_cost_part)part, known.bytes_saved, more[0].cell[part]);
        say_part(p, &known, (wg_cost_part)part, known.bytes_allocated, more[1].cell[part]);
        say_part(p, &known, (wg_cost_part)part, (double)known.allocations, more[2].cell[part]);
        say_part(p, &known, (wg_cost_part)part, (double)known.nodes, more[3].cell[part]);
        say_time(&sum[part], more[4].cell[part]);
    }
    for (int i = 0; i < 4 + p->timed; i++)
        put_row(p, &more[i]);
}

/* ---- sections and ops ---- */

/* The columns: operations of the three parts, then the bytes that forward saves, then the times. */
static int columns_of(const struct printer *p)
{
    return WG_COST_PARTS + 1 + (p->timed ? WG_COST_PARTS : 0);
}

static void put_titles(struct printer *p, const char *label)
{
    struct row row = {0};
    snprintf(row.label, sizeof row.label, "%s", label);
    for (int part = 0; part < WG_COST_PARTS; part++) {
        snprintf(row.cell[part], CELL, "%s", wg_part_name[part]);
        snprintf(row.cell[WG_COST_PARTS + 1 + part], CELL, "%s ns", wg_part_name[part]);
    }
    strcpy(row.cell[WG_COST_PARTS], "bytes saved");
    put_row(p, &row);
}

static void say_sums(const struct printer *p, struct row *row, const wg_cost_sum *sum)
{
    double saved = 0;
    for (int part = 0; part < WG_COST_PARTS; part++) {
        say_part(p, &sum[part], (wg_cost_part)part, wg_cost_operations(sum[part].cost), row->cell[part]);
        say_time(&sum[part], row->cell[WG_COST_PARTS + 1 + part]);
        saved += sum[part].bytes_saved;
    }
    wg_number_text(saved, row->cell[WG_COST_PARTS], CELL);
}

static void put_sums(struct printer *p, struct row *row, const wg_cost_sum *sum)
{
    say_sums(p, row, sum);
    put_row(p, row);
}

/* "  3 batch_norm", indented by depth. A name that is its kind stands once. */
static void label_section(const wg_cost_section *section, size_t depth, char *text, size_t size)
{
    char name[48], kind[32];
    wg_plain_text(section->name, name, sizeof name);
    wg_plain_text(section->kind, kind, sizeof kind);
    const bool both = kind[0] && strcmp(kind, name) != 0;
    snprintf(text, size, "%*s%s%s%s", (int)(depth < 24 ? 2 * depth : 48), "", name, both ? " " : "", both ? kind : "");
}

static wg_cost_sum difference(wg_cost_sum a, const wg_cost_sum *b)
{
    for (size_t i = 0; i < WG_COST_MEMBERS; i++)
        *wg_cost_at(&a.cost, i) -= wg_cost_number(b->cost, i);
    a.nodes -= b->nodes;
    a.unknown -= b->unknown;
    a.bytes_saved -= b->bytes_saved;
    a.bytes_allocated -= b->bytes_allocated;
    a.allocations -= b->allocations;
    a.timed -= b->timed;
    a.nanoseconds -= b->nanoseconds;
    return a;
}

/* What is in no section, such as the loss, and the updates of an optimizer: a row each, so that the rows at the first level add up to
   the first row. */
static void put_outside(struct printer *p)
{
    const wg_cost_table *table = p->table;
    wg_cost_sum rest[WG_COST_PARTS];
    memcpy(rest, table->section[0].sum, sizeof rest);
    for (size_t i = 1; i < table->n_sections; i++)
        for (int part = 0; part < WG_COST_PARTS && table->section[i].parent == 0; part++)
            rest[part] = difference(rest[part], &table->section[i].sum[part]);
    const wg_cost_sum updates[WG_COST_PARTS] = {[WG_COST_UPDATE] = rest[WG_COST_UPDATE]};
    rest[WG_COST_UPDATE] = (wg_cost_sum){.nodes = 0};
    struct row row = {.label = "  (in no section)"};
    if (rest[WG_COST_FORWARD].nodes + rest[WG_COST_BACKWARD].nodes > 0)
        put_sums(p, &row, rest);
    if (updates[WG_COST_UPDATE].nodes == 0)
        return;
    row = (struct row){.label = "  (updates in no section)"};
    say_sums(p, &row, updates);
    strcpy(row.cell[WG_COST_BACKWARD], "-"); /* on any tape: an update has no backward */
    put_row(p, &row);
}

static void put_sections(struct printer *p)
{
    put_titles(p, "section");
    for (size_t i = 0; i < p->table->n_sections; i++) {
        const wg_cost_section *section = &p->table->section[p->tree[i].section];
        struct row row = {0};
        label_section(section, p->tree[i].depth, row.label, sizeof row.label);
        if (p->tree[i].section == 0)
            strcpy(row.label, "all");
        put_sums(p, &row, section->sum);
    }
    if (p->table->n_sections > 1)
        put_outside(p);
}

static void put_ops(struct printer *p)
{
    put_titles(p, "op");
    for (size_t i = 0; i < p->table->n_ops; i++) {
        struct row row = {0};
        wg_plain_text(p->table->op[i].op, row.label, 48);
        put_sums(p, &row, p->table->op[i].sum);
    }
}

static void put_notes(const struct printer *p)
{
    const wg_cost_sum *sum = p->table->section[0].sum;
    size_t unknown = 0;
    for (int part = 0; part < WG_COST_PARTS; part++)
        unknown += sum[part].unknown;
    if (unknown > 0)
        fprintf(p->stream, "\n? and ≥: %zu node%s of an op that does not state its cost.\n", unknown,
                unknown == 1 ? " is" : "s are");
    if (!p->table->backward_known)
        fputs("\n? of backward: it is recorded on a traced tape only, wg_tape_open(.trace = true).\n", p->stream);
}

/* ---- the sections as a tree ---- */

enum { FIRST, NEXT, LINKS }; /* of each section: its first child, and the next one of its parent; 0: none */

/* Puts the sections in the order in which each stands before those inside it. */
static void order_tree(const wg_cost_table *table, size_t (*link)[LINKS], struct place *tree)
{
    size_t at = 0, depth = 0, n = 0;
    for (size_t i = table->n_sections; i-- > 1;) {
        const size_t parent = table->section[i].parent;
        link[i][NEXT] = link[parent][FIRST];
        link[parent][FIRST] = i;
    }
    for (;;) {
        tree[n++] = (struct place){at, depth};
        size_t to = link[at][FIRST];
        depth += to != 0;
        while (to == 0 && at != 0) {
            to = link[at][NEXT];
            at = table->section[at].parent;
            depth -= to == 0;
        }
        if (to == 0)
            return;
        at = to;
    }
}

static wg_status print_tables(struct printer *p)
{
    size_t(*link)[LINKS] = wg_object_new(p->table->n_sections * sizeof *link);
    p->tree = wg_object_new(p->table->n_sections * sizeof *p->tree);
    const wg_status status = link && p->tree ? WG_OK : WG_E_MEMORY;
    if (status == WG_OK) {
        order_tree(p->table, link, p->tree);
        put_table(p, WG_COST_PARTS, put_totals);
        fputc('\n', p->stream);
        put_table(p, columns_of(p), put_sections);
        fputc('\n', p->stream);
        put_table(p, columns_of(p), put_ops);
        put_notes(p);
    }
    wg_object_free(link);
    wg_object_free(p->tree);
    return status;
}

wg_status wg_cost_print(const wg_cost_table *table, FILE *stream)
{
    WG_OPERATION("cost_print");
    if (!table || !stream)
        return wg_fail(WG_E_NULL, "cost_print", "cost_print: expected a %s, got NULL", table ? "stream" : "table");
    struct printer p = {.stream = stream, .table = table};
    for (int part = 0; part < WG_COST_PARTS; part++)
        p.timed = p.timed || table->section[0].sum[part].timed > 0;
    WG_TRY(print_tables(&p));
    return wg_flush(stream, "cost_print");
}
