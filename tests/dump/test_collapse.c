/* wg_graph_collapse: what folds and what does not, that closed sections keep their costs and edges, and that nothing gets lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "live.h"
#include "text.h"
#include "wengert.h"

enum { STEPS = 32, BATCH = 2, HIDDEN = 3 };

struct model {
    wg_tensor *w, *u, *b, *x[STEPS];
};

static int model_make(void **state)
{
    struct model *m = calloc(1, sizeof *m);
    live_begin(state);
    *state = m;
    m->w = wg_set_requires_grad(wg_full(WG_F32, WG_SHAPE(4 * HIDDEN, 1), .25), true);
    m->u = wg_set_requires_grad(wg_full(WG_F32, WG_SHAPE(4 * HIDDEN, HIDDEN), .125), true);
    m->b = wg_set_requires_grad(wg_zeros(WG_F32, WG_SHAPE(4 * HIDDEN)), true);
    for (int t = 0; t < STEPS; t++)
        m->x[t] = wg_full(WG_F32, WG_SHAPE(BATCH, 1), t + 1);
    return m->x[STEPS - 1] ? 0 : 1;
}

static int model_free(void **state)
{
    struct model *m = *state;
    wg_free(m->w), wg_free(m->u), wg_free(m->b);
    for (int t = 0; t < STEPS; t++)
        wg_free(m->x[t]);
    free(m);
    wg_error_take(NULL);
    return live_end(state);
}

/* An LSTM, of which each step is 16 nodes: 2 linear, an addition, 4 slices, 8 element-wise. The loss is one more. */
static wg_tensor *lstm(const struct model *m)
{
    wg_tensor *h = wg_zeros(WG_F32, WG_SHAPE(BATCH, HIDDEN)), *c = h, *gate[4];
    for (int t = 0; t < STEPS; t++) {
        wg_tensor *all = wg_add(wg_linear(m->x[t], m->w, m->b), wg_linear(h, m->u, WG_NONE));
        assert_int_equal(wg_chunk(all, 1, 4, gate, NULL), WG_OK);
        c = wg_add(wg_mul(wg_sigmoid(gate[1]), c), wg_mul(wg_sigmoid(gate[0]), wg_tanh(gate[2])));
        h = wg_mul(wg_sigmoid(gate[3]), wg_tanh(c));
    }
    return wg_sum(h);
}

static void assert_near(double a, double b)
{
    if (!(a - b <= 1e-9 * a && b - a <= 1e-9 * a))
        fail_msg("%.17g is not %.17g", a, b);
}

/* Every sum of the whole is that of the graph it was made from. */
static void assert_same_sums(const wg_graph *graph, const wg_graph *smaller)
{
    for (int part = 0; part < WG_COST_PARTS; part++) {
        const wg_cost_sum *a = &graph->section[0].sum[part], *b = &smaller->section[0].sum[part];
        assert_int_equal(a->nodes, b->nodes);
        assert_int_equal(a->unknown, b->unknown);
        assert_int_equal(a->allocations, b->allocations);
        assert_near(a->bytes_saved, b->bytes_saved);
        assert_near(a->bytes_allocated, b->bytes_allocated);
        assert_near(wg_cost_operations(a->cost), wg_cost_operations(b->cost));
        assert_near(a->cost.bytes_read, b->cost.bytes_read);
        assert_near(a->cost.bytes_written, b->cost.bytes_written);
    }
}

/* Numbers refer to what exists: reading the graph as JSON checks it, and gives the same text again. */
static void assert_sound(const wg_graph *graph)
{
    char *text = as_json(graph), *again;
    wg_graph *copy = from_json(text);
    if (!copy && wg_error_first()->code == WG_E_STATE) { /* built without jansson */
        free(text);
        wg_error_take(NULL);
        return;
    }
    if (!copy)
        fail_msg("%s", wg_error_first()->message);
    again = as_json(copy);
    assert_string_equal(text, again);
    free(text), free(again);
    wg_graph_destroy(copy);
}

static wg_graph *collapse(const wg_graph *graph, bool fold, int depth)
{
    wg_graph *smaller = wg_graph_collapse(graph, .fold = fold, .depth = depth);
    assert_non_null(smaller);
    assert_same_sums(graph, smaller);
    assert_sound(smaller);
    return smaller;
}

static size_t section_of_kind(const wg_graph *graph, const char *kind)
{
    for (size_t i = 1; i < graph->n_sections; i++)
        if (strcmp(graph->section[i].kind, kind) == 0)
            return i;
    fail_msg("no section of the kind %s", kind);
    return 0;
}

/* Edges to a node from a later one or from itself. */
static size_t edges_around(const wg_graph *graph, wg_cost_part part)
{
    size_t n = 0;
    for (size_t i = 0; i < graph->n_nodes; i++)
        for (size_t k = 0; k < graph->node[i].n_in; k++) {
            const size_t value = graph->node[i].in[k];
            n += graph->node[i].part == part && value != WG_GRAPH_NONE && graph->value[value].node != WG_GRAPH_NONE &&
                 graph->value[value].node >= i;
        }
    return n;
}

static void with_nothing_to_join_the_graph_is_the_same(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape, .trace = true);
    assert_int_equal(wg_section_push("net", .kind = "lstm"), WG_OK);
    wg_tensor *loss = lstm(m);
    wg_section_pop();
    assert_int_equal(wg_backward(loss), WG_OK);
    wg_graph *graph = wg_graph_of(tape), *same = collapse(graph, false, -1);
    char *a = as_json(graph), *b = as_json(same);
    assert_string_equal(a, b);
    free(a), free(b);
    wg_graph_destroy(graph), wg_graph_destroy(same);
}

static void the_steps_of_an_lstm_are_one(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape, .trace = true);
    assert_int_equal(wg_backward(lstm(m)), WG_OK);
    wg_graph *graph = wg_graph_of(tape), *smaller = collapse(graph, true, -1);
    const size_t repeat = section_of_kind(smaller, "repeat");
    size_t forward = 0;
    for (size_t i = 0; i < smaller->n_nodes; i++)
        forward += smaller->node[i].part == WG_COST_FORWARD && smaller->node[i].section == repeat &&
                   smaller->node[i].nodes == STEPS;
    assert_int_equal(graph->section[0].sum[WG_COST_FORWARD].nodes, 16 * STEPS + 1);
    assert_int_equal(forward, 16);
    assert_int_equal(smaller->section[repeat].times, STEPS);
    assert_int_equal(smaller->section[repeat].sum[WG_COST_FORWARD].nodes, 16 * STEPS);
    assert_true(smaller->n_nodes < 60);
    assert_int_equal(edges_around(smaller, WG_COST_FORWARD), 2); /* c and h */
    assert_true(edges_around(smaller, WG_COST_BACKWARD) > 2);
    size_t inputs = 0; /* the inputs of all steps are one value, the weights stand for themselves */
    for (size_t i = 0; i < smaller->n_values; i++)
        if (smaller->value[i].origin == WG_GRAPH_CALLER && !smaller->value[i].requires_gradient) {
            inputs++;
            assert_int_equal(smaller->value[i].times, STEPS);
            assert_true(smaller->value[i].elements->min == 1 && smaller->value[i].elements->max == STEPS);
            assert_true(smaller->value[i].elements->mean == (STEPS + 1) / 2.0);
        }
    assert_int_equal(inputs, 1);
    wg_graph_destroy(smaller);
    smaller = collapse(graph, true, 0);
    assert_true(smaller->node[0].box && smaller->node[0].nodes == 16 * STEPS);
    assert_int_equal(edges_around(smaller, WG_COST_FORWARD), 2);
    wg_graph_destroy(graph), wg_graph_destroy(smaller);
}

/* blocks of `heads` heads and a rest; each block has its own weight */
static void blocks(wg_tensor *x, wg_tensor *const *weight, int n_blocks, int heads)
{
    for (int block = 0; block < n_blocks; block++) {
        char name[8];
        snprintf(name, sizeof name, "%d", block);
        assert_int_equal(wg_section_push(name, .kind = "block"), WG_OK);
        for (int head = 0; head < heads; head++)
            x = wg_add(wg_tanh(wg_mul(x, weight[block])), wg_sigmoid(x));
        x = wg_square(wg_relu(x));
        wg_section_pop();
    }
    assert_non_null(x);
}

static void repetitions_within_repetitions(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape, .trace = true);
    blocks(m->x[0], m->x, 12, 5);
    wg_graph *graph = wg_graph_of(tape), *smaller = collapse(graph, true, -1);
    assert_int_equal(graph->n_nodes, 12 * (4 * 5 + 2));
    assert_int_equal(smaller->n_nodes, 4 + 2);
    const size_t block = section_of_kind(smaller, "block"), head = section_of_kind(smaller, "repeat");
    assert_int_equal(smaller->section[block].times, 12);
    assert_string_equal(smaller->section[block].name, "0 … 11");
    assert_int_equal(smaller->section[head].times, 5);
    assert_int_equal(smaller->section[head].parent, block);
    assert_int_equal(smaller->node[0].nodes, 60);
    char *text = as_dot(graph);
    assert_non_null(strstr(text, "label=<<B>12 × block (0 … 11)</B><BR/><FONT POINT-SIZE=\"8\">costs are those of all 12</FONT>>"));
    assert_non_null(strstr(text, "label=<<B>repeated 5 times</B>"));
    free(text);
    wg_graph_destroy(smaller);
    smaller = collapse(graph, true, 0);
    assert_int_equal(smaller->n_nodes, 1);
    assert_string_equal(smaller->node[0].op, "block");
    wg_graph_destroy(smaller);
    smaller = collapse(graph, true, 1);
    assert_int_equal(smaller->n_nodes, 1 + 2);
    wg_graph_destroy(smaller);
    smaller = collapse(graph, false, 0); /* without folding each block is a box */
    assert_int_equal(smaller->n_nodes, 12);
    wg_graph_destroy(graph), wg_graph_destroy(smaller);
}

/* The number of nodes after folding eight chains of four nodes, of which number `other` is made differently in one way. */
static size_t folded(const struct model *m, int other, int way)
{
    WG_TAPE(tape);
    wg_tensor *x = m->x[0], *y = x;
    for (int i = 0; i < 8; i++) {
        const bool odd = i == other;
        y = odd && way == 3 ? wg_reshape(wg_tanh(y), WG_SHAPE(1, BATCH)) : wg_tanh(y);
        wg_tensor *a = odd && way == 0 ? wg_exp(y) : wg_square(y), *b = wg_mul(odd && way == 1 ? y : a, a);
        if (odd && way == 2)
            assert_int_equal(wg_section_push("other", .kind = "other"), WG_OK);
        y = wg_add(b, y);
        if (odd && way == 2)
            wg_section_pop();
    }
    assert_non_null(y);
    wg_graph *graph = wg_graph_of(tape), *smaller = collapse(graph, true, -1);
    const size_t n = smaller->n_nodes;
    wg_graph_destroy(graph), wg_graph_destroy(smaller);
    return n;
}

static void what_differs_does_not_fold(void **state)
{
    const struct model *m = *state;
    assert_int_equal(folded(m, -1, 0), 4);
    for (int way = 0; way < 4; way++) /* another op, another edge, another section, another shape */
        if (folded(m, 4, way) <= 4)
            fail_msg("a chain that differs in way %d was folded", way);
}

static wg_tensor *in_section(const char *name, wg_tensor *(*f)(wg_tensor *), wg_tensor *x)
{
    assert_int_equal(wg_section_push(name), WG_OK);
    wg_tensor *y = f(x);
    wg_section_pop();
    return y;
}

static void assert_section(const wg_graph *graph, const char *path, size_t times, size_t nodes)
{
    size_t found = 0;
    for (size_t i = 0; i < graph->n_sections; i++)
        found += strcmp(graph->section[i].path, path) == 0 && graph->section[i].times == times &&
                 graph->section[i].sum[WG_COST_FORWARD].nodes == nodes;
    if (found != 1)
        fail_msg("expected one section \"%s\" with %zu nodes, times %zu; got %zu", path, nodes, times, found);
}

/* Two loops enter the same two sections, of which one is entered outside of them, too: each repetition has its own nodes and no others. */
static void sections_that_are_entered_again(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape);
    wg_tensor *y = in_section("cell", wg_exp, m->x[0]);
    for (int i = 0; i < 8; i++)
        y = in_section("head", wg_square, in_section("cell", wg_tanh, y));
    for (int i = 0; i < 9; i++)
        y = in_section("head", wg_relu, in_section("cell", wg_sigmoid, y));
    assert_non_null(in_section("cell", wg_exp, y));
    wg_graph *graph = wg_graph_of(tape), *smaller = collapse(graph, true, -1);
    assert_int_equal(smaller->n_nodes, 1 + 2 + 2 + 1);
    assert_section(smaller, "repeat", 8, 16);
    assert_section(smaller, "repeat", 9, 18);
    assert_section(smaller, "repeat/cell", 1, 8);
    assert_section(smaller, "repeat/head", 1, 9);
    assert_section(smaller, "cell", 1, 2);
    wg_graph_destroy(smaller);
    wg_graph_destroy(graph);
}

static void count_updates(const wg_graph *graph, size_t *nodes, size_t *calls, size_t *writes)
{
    *nodes = *calls = *writes = 0;
    for (size_t i = 0; i < graph->n_nodes; i++)
        if (graph->node[i].part == WG_COST_UPDATE) {
            ++*nodes;
            *calls += graph->node[i].nodes;
            *writes += graph->node[i].n_writes;
        }
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)); text += strlen(what))
        n++;
    return n;
}

/* The updates of a step of Adam are one box. Its state is hidden, and the parameters that it changes are marked; there are no edges. */
static void the_updates_of_an_optimizer_are_one(void **state)
{
    const struct model *m = *state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(1, 3, 3, 1), .seed = 1);
    wg_optim *optim = wg_optim_adam(wg_nn_parameters(net), .lr = 0.1);
    {
        WG_TAPE(tape, .trace = true);
        assert_int_equal(wg_backward(wg_sum(wg_nn_apply(net, m->x[0]))), WG_OK);
        assert_int_equal(wg_optim_step(optim), WG_OK);
        wg_graph *graph = wg_graph_of(tape), *smaller = collapse(graph, true, -1);
        size_t nodes, calls, writes, all;
        count_updates(graph, &all, &calls, &writes);
        assert_true(all == calls && all >= 12);
        count_updates(smaller, &nodes, &calls, &writes);
        assert_true(nodes == 1 && calls == all && writes == 6);
        char *text = as_dot(graph);
        assert_int_equal(count(text, "<B>updates</B>"), 1);
        assert_int_equal(count(text, "change 6 tensors"), 1);
        assert_int_equal(count(text, "color=\"#8a6fb5\", fillcolor=\"#e4f3e9\""), 6);
        assert_int_equal(count(text, "dir=both"), 0);
        free(text);
        wg_graph_destroy(smaller);
        smaller = collapse(graph, false, -1);
        count_updates(smaller, &nodes, &calls, &writes);
        assert_int_equal(nodes, all);
        wg_graph_destroy(smaller), wg_graph_destroy(graph);
    }
    wg_optim_destroy(optim);
    wg_nn_destroy(net);
}

static void closed_sections_are_boxes(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape, .trace = true);
    assert_int_equal(wg_section_push("first", .kind = "linear"), WG_OK);
    wg_tensor *h = wg_tanh(wg_linear(m->x[0], m->w, m->b));
    wg_section_pop();
    assert_int_equal(wg_section_push("second"), WG_OK);
    h = wg_mul(wg_square(h), wg_sigmoid(h));
    wg_section_pop();
    assert_int_equal(wg_backward(wg_sum(h)), WG_OK);
    wg_graph *graph = wg_graph_of(tape), *smaller = collapse(graph, true, 0);
    assert_true(smaller->node[0].box && strcmp(smaller->node[0].op, "linear") == 0 && smaller->node[0].nodes == 2);
    assert_true(smaller->node[1].box && strcmp(smaller->node[1].op, "second") == 0 && smaller->node[1].nodes == 3);
    assert_true(!smaller->node[2].box && strcmp(smaller->node[2].op, "sum") == 0);
    assert_int_equal(smaller->node[0].n_in, 1); /* x; the weights are inside */
    assert_int_equal(smaller->node[0].n_out, 1);
    size_t backward = 0;
    for (size_t i = 0; i < smaller->n_nodes; i++)
        if (smaller->node[i].box && smaller->node[i].part == WG_COST_BACKWARD) {
            backward++;
            assert_true(smaller->node[i].cause < 2);
            assert_int_equal(smaller->node[smaller->node[i].cause].section, smaller->node[i].section);
        }
    assert_int_equal(backward, 2);
    wg_graph_destroy(graph), wg_graph_destroy(smaller);
}

/* A section that reads a leaf through a view, and keeps the view for backward, does not compute the leaf. */
static void a_view_of_a_leaf_in_a_box_leaves_the_leaf_outside(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape, .trace = true);
    assert_int_equal(wg_set_name(m->x[0], "data"), WG_OK);
    assert_int_equal(wg_section_push("first", .kind = "linear"), WG_OK);
    wg_tensor *row = wg_reshape(m->x[0], WG_SHAPE(1, BATCH)), *y = wg_sum(wg_mul(row, wg_reshape(m->w, WG_SHAPE(-1, 1))));
    wg_section_pop();
    assert_int_equal(wg_backward(y), WG_OK);
    wg_graph *graph = wg_graph_of(tape);
    struct text written;
    char *text = text_end(&written, wg_graph_write_dot(graph, text_begin(&written), .depth = 0, .backward = true));
    assert_non_null(strstr(text, "l0 [shape=ellipse"));
    assert_non_null(strstr(text, "<B>data</B>"));
    assert_non_null(strstr(text, "  l0 -> n0 ["));
    assert_null(strstr(text, "n0 -> n0"));
    assert_null(strstr(text, "for the next repetition"));
    free(text);
    wg_graph_destroy(graph);
}

static void two_passes_of_backward_are_two_boxes(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape, .trace = true);
    assert_int_equal(wg_section_push("f"), WG_OK);
    wg_tensor *y = wg_sum(wg_square(wg_tanh(m->w)));
    wg_section_pop();
    wg_tensor *g = wg_grad(y, m->w, .create_graph = true);
    assert_int_equal(wg_backward(wg_sum(wg_mul(g, g))), WG_OK);
    wg_graph *graph = wg_graph_of(tape), *smaller = collapse(graph, true, 0);
    size_t boxes = 0;
    for (size_t i = 0; i < smaller->n_nodes; i++)
        boxes += smaller->node[i].box && smaller->node[i].part == WG_COST_BACKWARD;
    assert_int_equal(boxes, 2);
    wg_graph_destroy(graph), wg_graph_destroy(smaller);
}

static void an_empty_tape_a_long_one_and_failing_memory(void **state)
{
    const struct model *m = *state;
    {
        WG_TAPE(tape);
        wg_graph *graph = wg_graph_of(tape);
        wg_graph_destroy(collapse(graph, true, 0));
        wg_graph_destroy(graph);
    }
    WG_TAPE(tape, .trace = true);
    wg_tensor *y = m->w;
    for (int i = 0; i < 20000; i++)
        y = wg_tanh(y);
    assert_int_equal(wg_backward(wg_sum(y)), WG_OK);
    wg_graph *graph = wg_graph_of(tape), *smaller = collapse(graph, true, -1);
    assert_true(smaller->n_nodes < 10);
    wg_graph_destroy(graph), wg_graph_destroy(smaller);
    WG_TAPE(second, .trace = true);
    assert_int_equal(wg_backward(lstm(m)), WG_OK);
    graph = wg_graph_of(second);
    assert_null(wg_graph_collapse(NULL));
    wg_error_take(NULL);
    for (int64_t k = 0;; k++) {
        wg_memory_fail(k, false);
        smaller = wg_graph_collapse(graph, .depth = 0);
        wg_memory_fail(-1, false);
        if (smaller)
            break;
        assert_int_equal(wg_error_first()->code, WG_E_MEMORY);
        wg_error_take(NULL);
    }
    wg_graph_destroy(smaller), wg_graph_destroy(graph);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, model_make, model_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(with_nothing_to_join_the_graph_is_the_same),
        TEST(the_steps_of_an_lstm_are_one),
        TEST(repetitions_within_repetitions),
        TEST(what_differs_does_not_fold),
        TEST(sections_that_are_entered_again),
        TEST(the_updates_of_an_optimizer_are_one),
        TEST(closed_sections_are_boxes),
        TEST(a_view_of_a_leaf_in_a_box_leaves_the_leaf_outside),
        TEST(two_passes_of_backward_are_two_boxes),
        TEST(an_empty_tape_a_long_one_and_failing_memory),
    };
    return cmocka_run_group_tests_name("collapse", tests, NULL, NULL);
}
