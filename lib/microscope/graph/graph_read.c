/* wg_graph_read_json: graphs from JSON, in the format of docs/guide/graph-format.md. Nothing in the text is trusted. */
#include "microscope/graph/graph_format.h"
#include "microscope/graph/scan.h"

#ifdef WG_JANSSON
#include <string.h>

#include "microscope/graph/graph_members.h"

struct reader {
    struct wg_members in;
    struct wg_graph_memory *memory;
    wg_graph_node *node;
    wg_graph_value *value;
    wg_cost_section *section;
    size_t n_nodes, n_values, n_sections;
};

/* ---- sections ---- */

static wg_status read_section(struct reader *r, json_t *object)
{
    static const char *const keys[] = {"name", "kind", "parent", "times", NULL};
    wg_cost_section *to = &r->section[r->in.at];
    *to = (wg_cost_section){.path = "", .times = 1};
    WG_TRY(wg_members_check(&r->in, object, keys));
    WG_TRY(wg_member_text(&r->in, object, "name", &to->name));
    WG_TRY(wg_member_text(&r->in, object, "kind", &to->kind));
    if (r->in.at == 0)
        return json_object_size(object) == 0
                   ? WG_OK
                   : wg_members_refuse(&r->in, "sections", object, "an empty object, the whole graph, first");
    WG_TRY(wg_member_number(&r->in, object, "parent", 0, r->in.at, &to->parent));
    return wg_member_multiple(&r->in, object, "times", &to->times);
}

/* Paths of sections that are nested deeply are long; all of them together may take so many bytes. */
static const size_t MAX_PATHS = (size_t)1 << 28;

static wg_status make_paths(struct reader *r)
{
    size_t bytes = 0;
    for (r->in.at = 1; r->in.at < r->n_sections; r->in.at++) {
        wg_cost_section *section = &r->section[r->in.at];
        const char *outer = r->section[section->parent].path;
        bytes += strlen(outer) + strlen(section->name) + 2;
        if (bytes > MAX_PATHS)
            return wg_fail(WG_E_ARGUMENT, "graph_read_json",
                           "graph_read_json: sections[%zu]: expected paths of at most %zu bytes in all, got more", r->in.at,
                           MAX_PATHS);
        section->path = wg_arena_path(&r->memory->arena, outer, section->name);
        if (!section->path)
            return WG_E_MEMORY;
    }
    return WG_OK;
}

/* ---- nodes ---- */

static wg_status read_cost(const struct reader *r, const json_t *object, wg_graph_node *to)
{
    json_t *cost = json_object_get(object, "cost");
    const char *keys[WG_COST_MEMBERS + 1] = {0};
    for (size_t i = 0; i < WG_COST_MEMBERS; i++)
        keys[i] = wg_cost_member[i].key;
    WG_TRY(wg_member_flag(&r->in, object, "box", &to->box));
    WG_TRY(wg_member_multiple(&r->in, object, "nodes", &to->nodes));
    if (json_is_null(cost)) {
        to->unknown = to->nodes;
        return json_object_get(object, "unknown")
                   ? wg_members_refuse(&r->in, "unknown", json_object_get(object, "unknown"), "no such key beside an unknown cost")
                   : WG_OK;
    }
    WG_TRY(wg_member_number(&r->in, object, "unknown", 0, to->nodes, &to->unknown));
    to->known = to->unknown == 0;
    if (!json_is_object(cost))
        return wg_members_refuse(&r->in, "cost", cost, "an object, or null for an unknown cost");
    WG_TRY(wg_members_check(&r->in, cost, keys));
    for (size_t i = 0; i < WG_COST_MEMBERS; i++)
        WG_TRY(wg_member_count(&r->in, cost, keys[i], 0, wg_cost_at(&to->cost, i)));
    return WG_OK;
}

/* list: the member with this key, or one of a list that is. NULL leaves *to. */
static wg_status read_elements(struct reader *r, const char *key, const json_t *list, const wg_graph_elements **to)
{
    double number[5];
    const size_t n = sizeof number / sizeof *number;
    if (!list)
        return WG_OK;
    bool good = json_is_array(list) && json_array_size(list) == n;
    for (size_t i = 0; i < n && good; i++)
        good = wg_member_is_real(json_array_get(list, i), &number[i]);
    if (!good || !wg_member_is_below(json_array_get(list, n - 1), SIZE_MAX))
        return wg_members_refuse(&r->in, key, list, "a list of %zu numbers: min, max, mean, norm, NaN elements", n);
    wg_graph_elements *elements = wg_arena_take(&r->memory->arena, sizeof *elements);
    if (!elements)
        return WG_E_MEMORY;
    *elements = (wg_graph_elements){number[0], number[1], number[2], number[3], json_integer_value(json_array_get(list, n - 1))};
    *to = elements;
    return WG_OK;
}

/* One for each operand, or null. */
static wg_status read_gradients(struct reader *r, const json_t *object, wg_graph_node *to)
{
    const json_t *list = json_object_get(object, "gradients");
    if (!list)
        return WG_OK;
    if (!json_is_array(list) || json_array_size(list) != to->n_in)
        return wg_members_refuse(&r->in, "gradients", list, "a list of %zu, one for each of \"in\"", to->n_in);
    const wg_graph_elements **gradient = wg_arena_take(&r->memory->arena, to->n_in * sizeof *gradient);
    if (!gradient)
        return WG_E_MEMORY;
    for (size_t i = 0; i < to->n_in; i++) {
        const json_t *member = json_array_get(list, i);
        gradient[i] = NULL;
        WG_TRY(read_elements(r, "gradients", json_is_null(member) ? NULL : member, &gradient[i]));
    }
    to->gradient = to->n_in > 0 ? gradient : NULL;
    return WG_OK;
}

static wg_status read_node(struct reader *r, json_t *object)
{
    static const char *const keys[] = {
        "op",      "options", "part",        "cause",       "section",         "view",        "in",  "out",
        "writes",  "cost",    "bytes_saved", "allocations", "bytes_allocated", "nanoseconds", "box", "nodes",
        "unknown", "gate",    "gradients",   NULL};
    wg_graph_node *to = &r->node[r->in.at];
    unsigned part, gate;
    *to = (wg_graph_node){0};
    WG_TRY(wg_members_check(&r->in, object, keys));
    WG_TRY(wg_member_text(&r->in, object, "op", &to->op));
    WG_TRY(wg_member_text(&r->in, object, "options", &to->options));
    WG_TRY(wg_member_choice(&r->in, object, "part", wg_part_name, WG_COST_PARTS, &part));
    to->part = (wg_cost_part)part;
    WG_TRY(wg_member_number(&r->in, object, "cause", WG_GRAPH_NONE, part == WG_COST_BACKWARD ? r->in.at : 0, &to->cause));
    WG_TRY(wg_member_number(&r->in, object, "section", 0, r->n_sections, &to->section));
    WG_TRY(wg_member_flag(&r->in, object, "view", &to->view));
    WG_TRY(wg_member_list(&r->in, object, "in", r->n_values, true, &to->in, &to->n_in));
    WG_TRY(wg_member_choice(&r->in, object, "gate", wg_graph_gate_name, sizeof wg_graph_gate_name / sizeof *wg_graph_gate_name,
                            &gate));
    to->gate = (wg_graph_gate)gate;
    WG_TRY(read_gradients(r, object, to));
    WG_TRY(wg_member_list(&r->in, object, "out", r->n_values, false, &to->out, &to->n_out));
    WG_TRY(wg_member_list(&r->in, object, "writes", r->n_values, false, &to->writes, &to->n_writes));
    WG_TRY(read_cost(r, object, to));
    WG_TRY(wg_member_count(&r->in, object, "bytes_saved", 0, &to->bytes_saved));
    WG_TRY(wg_member_number(&r->in, object, "allocations", 0, to->nodes == 1 && !to->box ? to->n_out + 1 : SIZE_MAX,
                            &to->allocations));
    WG_TRY(wg_member_count(&r->in, object, "bytes_allocated", 0, &to->bytes_allocated));
    return wg_member_count(&r->in, object, "nanoseconds", -1, &to->nanoseconds);
}

/* ---- values ---- */

static wg_status read_shape(const struct reader *r, const json_t *object, wg_shape *to)
{
    const json_t *shape = json_object_get(object, "shape");
    if (!json_is_array(shape) || json_array_size(shape) > WG_MAX_RANK)
        return wg_members_refuse(&r->in, "shape", shape, "a list of at most %d extents", WG_MAX_RANK);
    *to = (wg_shape){.rank = (int)json_array_size(shape)};
    for (int i = 0; i < to->rank; i++) {
        const json_t *extent = json_array_get(shape, (size_t)i);
        if (!wg_member_is_below(extent, SIZE_MAX))
            return wg_members_refuse(&r->in, "shape", extent, "extents that are not negative");
        to->extent[i] = json_integer_value(extent);
    }
    return WG_OK;
}

static wg_status read_value(struct reader *r, json_t *object)
{
    static const char *const keys[] = {"name",     "origin",   "node",
                                       "slot",     "outer",    "dtype",
                                       "shape",    "times",    "requires_gradient",
                                       "saved",    "released", "base",
                                       "gradient", "elements", "gradient_elements",
                                       NULL};
    const char *const dtypes[] = {wg_dtype_name(WG_F32), wg_dtype_name(WG_F64), wg_dtype_name(WG_I64), wg_dtype_name(WG_U8)};
    wg_graph_value *to = &r->value[r->in.at];
    unsigned origin, dtype;
    *to = (wg_graph_value){0};
    WG_TRY(wg_members_check(&r->in, object, keys));
    WG_TRY(wg_member_text(&r->in, object, "name", &to->name));
    WG_TRY(wg_member_choice(&r->in, object, "origin", wg_graph_origin_name,
                            sizeof wg_graph_origin_name / sizeof *wg_graph_origin_name, &origin));
    to->origin = (wg_graph_origin)origin;
    WG_TRY(wg_member_number(&r->in, object, "node", WG_GRAPH_NONE, origin == WG_GRAPH_RESULT ? r->n_nodes : 0, &to->node));
    if (origin == WG_GRAPH_RESULT && to->node == WG_GRAPH_NONE)
        return wg_members_refuse(&r->in, "node", NULL, "the number of the node that made this result");
    const wg_graph_node *maker = to->node == WG_GRAPH_NONE ? NULL : &r->node[to->node];
    WG_TRY(wg_member_number(&r->in, object, "slot", 0, maker ? maker->n_out : 1, &to->slot));
    if (maker && (to->slot >= maker->n_out || maker->out[to->slot] != r->in.at))
        return wg_members_refuse(&r->in, "node", json_object_get(object, "node"),
                                 "a node whose \"out\" names this value in slot %zu", to->slot);
    WG_TRY(wg_member_text(&r->in, object, "outer", &to->outer));
    WG_TRY(wg_member_choice(&r->in, object, "dtype", dtypes, 4, &dtype));
    to->dtype = (wg_dtype)dtype;
    WG_TRY(read_shape(r, object, &to->shape));
    WG_TRY(wg_member_multiple(&r->in, object, "times", &to->times));
    WG_TRY(wg_member_flag(&r->in, object, "requires_gradient", &to->requires_gradient));
    WG_TRY(wg_member_flag(&r->in, object, "saved", &to->saved));
    WG_TRY(wg_member_flag(&r->in, object, "released", &to->released));
    WG_TRY(wg_member_number(&r->in, object, "base", r->in.at, r->n_values, &to->base));
    WG_TRY(wg_member_number(&r->in, object, "gradient", WG_GRAPH_NONE, r->n_values, &to->gradient));
    WG_TRY(read_elements(r, "elements", json_object_get(object, "elements"), &to->elements));
    return read_elements(r, "gradient_elements", json_object_get(object, "gradient_elements"), &to->gradient_elements);
}

/* ---- the whole ---- */

/* What could not be checked before all values were known. */
static wg_status check_references(struct reader *r)
{
    for (size_t i = 0; i < r->n_values; i++)
        if (r->value[r->value[i].base].base != r->value[i].base)
            return wg_fail(WG_E_ARGUMENT, "graph_read_json",
                           "graph_read_json: values[%zu], \"base\": expected a value that is its own base, got %zu", i,
                           r->value[i].base);
    for (size_t i = 0; i < r->n_nodes; i++) {
        const wg_graph_node *node = &r->node[i];
        for (size_t k = 0; k < node->n_out; k++)
            if (r->value[node->out[k]].node != i || r->value[node->out[k]].slot != k)
                return wg_fail(
                    WG_E_ARGUMENT, "graph_read_json",
                    "graph_read_json: nodes[%zu], \"out\": expected a value whose \"node\" is %zu and \"slot\" %zu, got %zu", i, i,
                    k, node->out[k]);
        for (size_t k = 0; k < node->n_in; k++)
            if (node->in[k] != WG_GRAPH_NONE && r->value[node->in[k]].node != WG_GRAPH_NONE && r->value[node->in[k]].node >= i &&
                node->nodes == 1)
                return wg_fail(
                    WG_E_ARGUMENT, "graph_read_json",
                    "graph_read_json: nodes[%zu], \"in\": expected values of earlier nodes, or \"nodes\" above 1, got %zu of node %zu",
                    i, node->in[k], r->value[node->in[k]].node);
        wg_cost_sum_node(&r->section[node->section].sum[node->part], node);
    }
    wg_cost_sum_inner(r->section, r->n_sections);
    return WG_OK;
}

static wg_status read_each(struct reader *r, const char *list, const json_t *array,
                           wg_status (*read)(struct reader *r, json_t *object))
{
    r->in.list = list;
    for (r->in.at = 0; r->in.at < json_array_size(array); r->in.at++)
        WG_TRY(read(r, json_array_get(array, r->in.at)));
    return WG_OK;
}

static wg_status check_head(const struct reader *r, json_t *root)
{
    static const char *const keys[] = {"format", "version", "traced", "nodes", "values", "sections", NULL};
    const json_t *format = json_object_get(root, "format"), *version = json_object_get(root, "version");
    if (!json_is_string(format) || strcmp(json_string_value(format), WG_GRAPH_FORMAT) != 0)
        return wg_members_refuse(&r->in, "format", format, "\"" WG_GRAPH_FORMAT "\"");
    if (!json_is_integer(version) || json_integer_value(version) != WG_GRAPH_VERSION)
        return wg_members_refuse(&r->in, "version", version, "%d, the version that this library reads", WG_GRAPH_VERSION);
    WG_TRY(wg_members_check(&r->in, root, keys));
    for (int i = 3; i < 6; i++)
        if (!json_is_array(json_object_get(root, keys[i])))
            return wg_members_refuse(&r->in, keys[i], json_object_get(root, keys[i]), "a list");
    return json_array_size(json_object_get(root, "sections")) > 0
               ? WG_OK
               : wg_members_refuse(&r->in, "sections", json_object_get(root, "sections"),
                                   "a list that begins with the whole graph, {}");
}

static wg_status fill(struct reader *r, json_t *root)
{
    const json_t *nodes = json_object_get(root, "nodes"), *values = json_object_get(root, "values"),
                 *sections = json_object_get(root, "sections");
    WG_TRY(check_head(r, root));
    wg_graph *graph = &r->memory->graph;
    WG_TRY(wg_member_flag(&r->in, root, "traced", &graph->traced));
    graph->n_nodes = r->n_nodes = json_array_size(nodes);
    graph->n_values = r->n_values = json_array_size(values);
    graph->n_sections = r->n_sections = json_array_size(sections);
    graph->node = r->node = wg_arena_take(&r->memory->arena, r->n_nodes * sizeof *r->node);
    graph->value = r->value = wg_arena_take(&r->memory->arena, r->n_values * sizeof *r->value);
    graph->section = r->section = wg_arena_take(&r->memory->arena, r->n_sections * sizeof *r->section);
    if (!r->node || !r->value || !r->section)
        return WG_E_MEMORY;
    WG_TRY(read_each(r, "sections", sections, read_section));
    WG_TRY(make_paths(r));
    WG_TRY(read_each(r, "nodes", nodes, read_node));
    WG_TRY(read_each(r, "values", values, read_value));
    return check_references(r);
}

static json_t *parse(FILE *stream)
{
    json_error_t error;
    json_t *root = json_loadf(stream, JSON_REJECT_DUPLICATES, &error);
    if (root)
        return root;
    if (ferror(stream))
        (void)wg_fail(WG_E_IO, "graph_read_json", "graph_read_json: the stream could not be read");
    else if (json_error_code(&error) == json_error_out_of_memory)
        (void)wg_fail(WG_E_MEMORY, "graph_read_json", "graph_read_json: out of memory");
    else
        (void)wg_fail(WG_E_ARGUMENT, "graph_read_json", "graph_read_json: line %d, column %d: expected JSON: %s", error.line,
                      error.column, error.text);
    return NULL;
}

static wg_graph *read_json(FILE *stream)
{
    json_t *root = parse(stream);
    if (!root)
        return NULL;
    struct reader r = {.memory = wg_graph_new()};
    if (r.memory)
        r.in.arena = &r.memory->arena;
    const wg_status status = r.memory ? fill(&r, root) : WG_E_MEMORY;
    json_decref(root);
    if (status == WG_OK)
        return &r.memory->graph;
    wg_graph_destroy(r.memory ? &r.memory->graph : NULL);
    return NULL;
}

#else

static wg_graph *read_json(FILE *stream)
{
    (void)stream;
    (void)wg_fail(WG_E_STATE, "graph_read_json",
                  "graph_read_json: this library was built without jansson: install libjansson-dev and build again");
    return NULL;
}

#endif

wg_graph *wg_graph_read_json(FILE *stream)
{
    WG_OPERATION("graph_read_json");
    if (!stream) {
        (void)wg_fail(WG_E_NULL, "graph_read_json", "graph_read_json: expected a stream, got NULL");
        return NULL;
    }
    return read_json(stream);
}
