/* Networks as text: a module's line, and the table of a whole network. */
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "wengert/cost.h"
#include "wengert/error.h"
#include "wengert/tape.h"

static void options_of(const wg_nn_module *module, char *text, size_t size)
{
    text[0] = 0;
    if (module->table)
        wg_options_text(*module->table, module->options, false, text, size);
}

char *wg_nn_describe(const wg_nn_module *module, char *text, size_t size)
{
    char options[400] = "";
    if (size > 0)
        text[0] = 0;
    if (!module) {
        (void)nn_null_argument("nn_describe", "the module");
        return text;
    }
    options_of(module, options, sizeof options);
    if (size > 0)
        snprintf(text, size, options[0] ? "%s(%s)" : "%s", module->kind->name, options);
    return text;
}

/* ---- the lines of the table ---- */

/* A module of the network, before its children. */
struct line {
    struct wg_nn_record record; /* first, for note and child_record */
    const wg_nn_module *module;
    const char *name;
    struct line *parent, **child;    /* the lines of its parent and of its children */
    char label[200], result[120];    /* the first column; the shapes of its results */
    int64_t elements, bytes, frozen; /* of its own parameters */
    bool shared;                     /* another module has one of them, too */
    const wg_cost_section *section;  /* what it and its children recorded; NULL: nothing */
    wg_cost_sum cost;
};

struct table {
    struct line *line;
    struct line **child; /* of all modules one after the other, each line's from its own child on */
    size_t n, n_children;
};

static size_t count_modules(const wg_nn_module *net)
{
    size_t n = 1;
    for (size_t i = 0; i < net->n_children; i++)
        n += count_modules(net->children[i].module);
    return n;
}

static wg_status note(struct wg_nn_record *record, const wg_nn_call *call)
{
    struct line *line = (struct line *)(void *)record;
    char shape[120];
    size_t used = 0;
    for (size_t i = 0; i < call->n_out && used < sizeof line->result; i++)
        used += (size_t)snprintf(line->result + used, sizeof line->result - used, "%s%s", i ? " " : "",
                                 wg_shape_text(wg_shape_of(call->out[i]), shape, sizeof shape));
    return WG_OK;
}

static struct wg_nn_record *child_record(struct wg_nn_record *record, size_t index)
{
    return &((struct line *)(void *)record)->child[index]->record;
}

/* At most WG_MAX_DEPTH deep. indent: what stands before the line, bars for parents that have further children below. */
static void add_lines(struct table *table, const wg_nn_module *module, struct line *parent, const char *name, const char *indent,
                      const char *branch, const char *bar)
{
    struct line *line = &table->line[table->n++];
    char below[200];
    line->record = (struct wg_nn_record){note, child_record};
    line->child = table->child + table->n_children;
    table->n_children += module->n_children;
    line->module = module;
    line->name = name;
    line->parent = parent;
    snprintf(line->label, sizeof line->label, "%s%s%s%s%s", indent, branch, name, name[0] ? ": " : "", wg_nn_kind_name(module));
    for (size_t i = 0; i < module->params.own; i++) {
        const wg_tensor *t = module->params.tensor[i];
        line->elements += wg_numel(t);
        line->bytes += wg_numel(t) * (int64_t)wg_dtype_size(wg_dtype_of(t));
        line->frozen += wg_requires_grad(t) ? 0 : wg_numel(t);
        line->shared = line->shared || wg_owners(t) > 1;
    }
    snprintf(below, sizeof below, "%s%s", indent, bar);
    for (size_t i = 0; i < module->n_children; i++) {
        const bool last = i + 1 == module->n_children;
        line->child[i] = &table->line[table->n];
        add_lines(table, module->children[i].module, line, module->children[i].name, below, last ? "└ " : "├ ", last ? "  " : "│ ");
    }
}

/* ---- one call of the network ---- */

static wg_dtype input_dtype(const wg_nn_module *net)
{
    const wg_tensor_list params = wg_nn_parameters(net);
    return params.n > 0 ? wg_dtype_of(params.tensor[0]) : WG_F32;
}

enum { MAX_INPUTS = 8 };

/* The name of the section of the whole network, with which its part of the table of costs begins. */
static const char SECTION[] = "nn_print";

static int compare_sections(const void *a, const void *b)
{
    const wg_cost_section *one = *(const wg_cost_section *const *)a, *other = *(const wg_cost_section *const *)b;
    if (one->parent != other->parent)
        return one->parent < other->parent ? -1 : 1;
    const int order = strcmp(one->name, other->name);
    return order ? order : strcmp(one->kind, other->kind);
}

/* Finds each line's section inside that of its parent. sorted: the n sections, by parent, name and kind. */
static void find_sections(struct table *table, const wg_cost_table *costs, const wg_cost_section **sorted, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sorted[i] = &costs->section[i];
    for (size_t i = 0; i < n && !table->line->section; i++)
        if (strcmp(costs->section[i].name, SECTION) == 0)
            table->line->section = &costs->section[i];
    qsort(sorted, n, sizeof *sorted, compare_sections);
    for (size_t i = 1; i < table->n; i++) {
        struct line *line = &table->line[i];
        if (!line->parent->section)
            continue;
        const wg_cost_section sought = {.parent = (size_t)(line->parent->section - costs->section),
                                        .name = line->name,
                                        .kind = wg_nn_kind_name(line->module)},
                              *key = &sought, **found = bsearch(&key, sorted, n, sizeof *sorted, compare_sections);
        line->section = found ? *found : NULL;
    }
}

static wg_status read_costs(struct table *table, const wg_tape *tape)
{
    wg_cost_table *costs = wg_cost_of(tape);
    if (!costs)
        return nn_first_error(WG_E_MEMORY);
    const wg_cost_section **sorted = malloc(costs->n_sections * sizeof *sorted);
    if (sorted)
        find_sections(table, costs, sorted, costs->n_sections);
    for (size_t i = 0; i < table->n && sorted; i++)
        if (table->line[i].section)
            table->line[i].cost = table->line[i].section->sum[WG_COST_FORWARD];
    const wg_status status = sorted ? WG_OK : nn_no_memory("nn_print");
    wg_cost_destroy(costs);
    free(sorted);
    return status;
}

/* What the network is applied to: given inputs or, where in is NULL, zeros of given shapes. */
struct inputs {
    wg_tensor *const *in;
    const wg_shape *shape;
    size_t n;
};

/* On a traced tape, which records without gradients, too. */
static wg_status apply_once(struct table *table, const wg_nn_module *net, const struct inputs *inputs)
{
    const char *op = "nn_print";
    const size_t n = inputs->n;
    wg_tensor *in[MAX_INPUTS], *out[MAX_INPUTS];
    const size_t results = net->kind->n_out > 1 ? (size_t)net->kind->n_out : 1;
    if (n > MAX_INPUTS || results > MAX_INPUTS)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected at most %d inputs and results", op, MAX_INPUTS);
    WG_TAPE(tape, .trace = true, .keep_error = true);
    WG_EVAL_MODE;
    if (!tape)
        return WG_E_MEMORY;
    const uint64_t before = nn_count_errors();
    for (size_t i = 0; i < n; i++) {
        in[i] = inputs->in ? inputs->in[i] : wg_zeros(input_dtype(net), inputs->shape[i]);
        if (!in[i] && !inputs->in) {
            nn_name_error(before, op);
            return nn_first_error(WG_E_MEMORY);
        }
    }
    WG_TRY(wg_section_push(SECTION));
    const wg_status status = nn_apply_recorded(net, in, n, out, results, &table->line->record, "nn_print");
    wg_section_pop();
    WG_TRY(status);
    return read_costs(table, tape);
}

/* ---- printing ---- */

/* A number with a comma after every group of three digits: 1,234,567. */
static const char *grouped(int64_t number, char *text, size_t size)
{
    char digits[32];
    const int n = snprintf(digits, sizeof digits, "%lld", (long long)number);
    size_t used = 0;
    for (int i = 0; i < n && used + 2 < size; i++) {
        text[used++] = digits[i];
        if ((n - i) % 3 == 1 && i + 1 < n)
            text[used++] = ',';
    }
    text[used] = 0;
    return text;
}

/* Columns that a terminal shows: bytes of UTF-8 that begin a character. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

enum column { MODULE, OPTIONS, RESULT, PARAMETERS, BYTES, OPERATIONS, NOTE, COLUMNS };
static const char *const titles[COLUMNS] = {"module", "options", "result", "parameters", "bytes", "operations", ""};

struct row {
    char cell[COLUMNS][400];
};

/* All that was counted: additions, multiplications, divisions, comparisons, calls of transcendental functions. "at least": an op does
   not state its cost. */
static void say_operations(const wg_cost_sum *sum, char *text, size_t size)
{
    const wg_cost *c = &sum->cost;
    char number[40];
    snprintf(text, size, "%s%s", sum->unknown > 0 ? "at least " : "",
             grouped((int64_t)(c->add + c->mul + c->div + c->compare + c->transcendental), number, sizeof number));
}

static void row_of(const struct line *line, bool applied, struct row *row)
{
    char number[40];
    memset(row, 0, sizeof *row);
    memcpy(row->cell[MODULE], line->label, sizeof line->label);
    options_of(line->module, row->cell[OPTIONS], sizeof row->cell[OPTIONS]);
    memcpy(row->cell[RESULT], line->result, sizeof line->result);
    strcpy(row->cell[PARAMETERS], "-");
    strcpy(row->cell[BYTES], "-");
    if (line->elements > 0) {
        grouped(line->elements, row->cell[PARAMETERS], sizeof number);
        grouped(line->bytes, row->cell[BYTES], sizeof number);
    }
    if (applied)
        say_operations(&line->cost, row->cell[OPERATIONS], sizeof row->cell[OPERATIONS]);
    const bool some = line->frozen > 0 && line->frozen < line->elements;
    snprintf(row->cell[NOTE], sizeof row->cell[NOTE], "%s%s%s%s", some ? grouped(line->frozen, number, sizeof number) : "",
             some               ? " frozen"
             : line->frozen > 0 ? "frozen"
                                : "",
             line->frozen > 0 && line->shared ? ", " : "", line->shared ? "shared" : "");
}

/* Numbers stand at the right of their column, and nothing behind the last cell. */
static void print_row(const struct row *row, const int *width, FILE *stream)
{
    int owed = 0;
    for (int c = 0; c < COLUMNS; c++) {
        const int space = width[c] - width_of(row->cell[c]);
        const bool number = c == PARAMETERS || c == BYTES || c == OPERATIONS;
        if (width[c] == 0)
            continue;
        if (row->cell[c][0]) {
            fprintf(stream, "%*s%s", owed + (number ? space : 0), "", row->cell[c]);
            owed = 2 + (number ? 0 : space);
        } else {
            owed += 2 + width[c];
        }
    }
    fprintf(stream, "\n");
}

static void print_lines(const struct table *table, bool applied, FILE *stream)
{
    int width[COLUMNS] = {0};
    struct row row;
    for (size_t i = 0; i < table->n; i++) {
        row_of(&table->line[i], applied, &row);
        for (int c = 0; c < COLUMNS; c++)
            width[c] = width_of(row.cell[c]) > width[c] ? width_of(row.cell[c]) : width[c];
    }
    memset(&row, 0, sizeof row);
    for (int c = 0; c < COLUMNS; c++) {
        strcpy(row.cell[c], titles[c]);
        if (width[c] > 0 && width[c] < width_of(titles[c]))
            width[c] = width_of(titles[c]);
    }
    print_row(&row, width, stream);
    for (size_t i = 0; i < table->n; i++) {
        row_of(&table->line[i], applied, &row);
        print_row(&row, width, stream);
    }
}

/* Shared parameters count once here. */
static void print_sum(const wg_nn_module *net, FILE *stream)
{
    const wg_tensor_list params = wg_nn_parameters(net), buffers = wg_nn_buffers(net);
    int64_t elements = 0, bytes = 0, frozen = 0, state = 0;
    char number[4][40];
    for (size_t i = 0; i < params.n; i++) {
        elements += wg_numel(params.tensor[i]);
        bytes += wg_numel(params.tensor[i]) * (int64_t)wg_dtype_size(wg_dtype_of(params.tensor[i]));
        frozen += wg_requires_grad(params.tensor[i]) ? 0 : wg_numel(params.tensor[i]);
    }
    for (size_t i = 0; i < buffers.n; i++)
        state += wg_numel(buffers.tensor[i]);
    fprintf(stream, "%s parameters (%s bytes), %s of them frozen; %s elements in buffers\n",
            grouped(elements, number[0], sizeof number[0]), grouped(bytes, number[1], sizeof number[1]),
            grouped(frozen, number[2], sizeof number[2]), grouped(state, number[3], sizeof number[3]));
}

static wg_status print(const wg_nn_module *net, FILE *stream, const struct inputs *inputs, const char *op)
{
    const size_t n = count_modules(net);
    struct table table = {.line = calloc(n, sizeof *table.line), .child = malloc(n * sizeof *table.child)};
    if (!table.line || !table.child) {
        free(table.line), free(table.child);
        return nn_no_memory(op);
    }
    add_lines(&table, net, NULL, "", "", "", "");
    const wg_status status = inputs->n > 0 ? apply_once(&table, net, inputs) : WG_OK;
    if (status == WG_OK) {
        print_lines(&table, inputs->n > 0, stream);
        print_sum(net, stream);
    }
    free(table.line), free(table.child);
    WG_TRY(status);
    return fflush(stream) != 0 || ferror(stream) ? wg_error_set(WG_E_IO, op, "%s: the stream could not be written", op) : WG_OK;
}

static wg_status check_given(const wg_nn_module *net, const FILE *stream, const void *inputs, size_t n, const char *what,
                             const char *op)
{
    if (net && stream && (inputs || n == 0))
        return WG_OK;
    return nn_null_argument(op, !net ? "the module" : !stream ? "the stream" : what);
}

wg_status wg_nn_print_with(const wg_nn_module *net, FILE *stream, const wg_shape *in, size_t n_in)
{
    const char *op = "nn_print";
    WG_TRY(check_given(net, stream, in, n_in, "the list of shapes", op));
    return print(net, stream, &(struct inputs){.shape = in, .n = n_in}, op);
}

wg_status wg_nn_print_on(const wg_nn_module *net, FILE *stream, wg_tensor *const *in, size_t n_in)
{
    const char *op = "nn_print";
    WG_TRY(check_given(net, stream, in, n_in, "the list of inputs", op));
    return print(net, stream, &(struct inputs){.in = in, .n = n_in}, op);
}
