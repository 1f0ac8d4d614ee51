/* What differs between two graphs. */
#include <stdlib.h>
#include <string.h>

#include "nn_check.h"
#include "text.h"

/* The graph of sum(tanh … tanh(x)) with `layers` tanh, or exp in the place of number `exp` if there is one; x has `width` elements. */
static wg_graph *chain(int layers, int exp, int64_t width)
{
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(width));
    wg_graph *graph = NULL;
    {
        WG_TAPE(tape);
        wg_tensor *h = x;
        for (int i = 0; i < layers; i++)
            h = i == exp ? wg_exp(h) : wg_tanh(h);
        assert_non_null(wg_sum(h));
        graph = wg_graph_of(tape);
    }
    wg_free(x);
    assert_non_null(graph);
    return graph;
}

static char *printed(const wg_graph_changes *changes, const wg_graph *before, const wg_graph *after)
{
    struct text text;
    return text_end(&text, wg_graph_changes_print(changes, before, after, text_begin(&text)));
}

static void a_graph_does_not_differ_from_itself(void **state)
{
    (void)state;
    wg_graph *a = chain(4, -1, 3), *b = chain(4, -1, 3), *empty = chain(0, -1, 3);
    wg_graph_changes *changes = wg_graph_diff(a, b), *to_nothing = wg_graph_diff(a, empty);
    assert_true(changes && changes->n_changes == 0 && changes->n_same == 5);
    assert_true(to_nothing && to_nothing->n_changes == 4 && to_nothing->n_same == 1);
    wg_graph_changes_destroy(changes), wg_graph_changes_destroy(to_nothing);
    wg_graph_destroy(a), wg_graph_destroy(b), wg_graph_destroy(empty);
    assert_no_error();
}

/* One node is inserted in the middle, another is replaced, all change their shape: each is named, where it is. */
static void added_removed_and_changed(void **state)
{
    (void)state;
    wg_graph *a = chain(4, -1, 3), *b = chain(5, 2, 3), *wide = chain(4, -1, 1000);
    wg_graph_changes *changes = wg_graph_diff(a, b);
    assert_int_equal(changes->n_changes, 1);
    assert_int_equal(changes->n_same, 5);
    assert_true(changes->change[0].kind == WG_GRAPH_ADDED && changes->change[0].after == 2 &&
                changes->change[0].before == WG_GRAPH_NONE);
    char *text = printed(changes, a, b);
    assert_string_equal(text, "+ exp: f32 [3], 3 operations\n"
                              "nodes: 1 added, 0 removed, 0 changed, 5 the same\n"
                              "forward: 14 → 17 operations\n");
    free(text);
    wg_graph_changes_destroy(changes);
    changes = wg_graph_diff(b, a);
    assert_true(changes->n_changes == 1 && changes->change[0].kind == WG_GRAPH_REMOVED && changes->change[0].before == 2);
    wg_graph_changes_destroy(changes);
    changes = wg_graph_diff(a, wide);
    assert_true(changes->n_changes == 5 && changes->n_same == 0);
    for (size_t i = 0; i < 5; i++) {
        const wg_graph_change *change = &changes->change[i];
        assert_true(change->kind == WG_GRAPH_CHANGED && change->before == i && change->after == i && change->cost &&
                    !change->options);
        assert_int_equal(change->shape, i < 4); /* the sum is a scalar in both */
    }
    text = printed(changes, a, wide);
    assert_non_null(strstr(text, "~ tanh: f32 [3] → f32 [1000], 3 → 1,000 operations, 24 → 8,000 bytes\n"));
    assert_non_null(strstr(text, "~ sum(axes=0): 2 → 999 operations"));
    free(text);
    wg_graph_changes_destroy(changes);
    wg_graph_destroy(a), wg_graph_destroy(b), wg_graph_destroy(wide);
    assert_no_error();
}

/* Sections and backward nodes: the hidden layer of a network grows, and one layer is new. */
static void two_versions_of_a_network(void **state)
{
    (void)state;
    wg_graph *graph[2];
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(2, 3));
    for (int version = 0; version < 2; version++) {
        wg_nn_module *net = version ? wg_nn_sequential(wg_nn_linear(3, 8), wg_nn_tanh(), wg_nn_linear(8, 1), wg_nn_sigmoid())
                                    : wg_nn_sequential(wg_nn_linear(3, 4), wg_nn_tanh(), wg_nn_linear(4, 1));
        {
            WG_TAPE(tape, .trace = true);
            assert_int_equal(wg_backward(wg_mean(wg_nn_apply(net, x))), WG_OK);
            assert_non_null(graph[version] = wg_graph_of(tape));
        }
        wg_nn_destroy(net);
    }
    wg_graph_changes *changes = wg_graph_diff(graph[0], graph[1]);
    assert_non_null(changes);
    char *text = printed(changes, graph[0], graph[1]);
    assert_non_null(strstr(text, "~ 0 linear: f32 [2, 4] → f32 [2, 8]"));
    assert_non_null(strstr(text, "+ 3 sigmoid: f32 [2, 1], 2 operations\n"));
    assert_non_null(strstr(text, "+ 3 sigmoid_grad (backward): "));
    assert_null(strstr(text, "\n- "));
    assert_non_null(strstr(text, "backward: "));
    free(text);
    wg_graph_changes_destroy(changes);
    wg_graph_destroy(graph[0]), wg_graph_destroy(graph[1]);
    wg_free(x);
    assert_no_error();
}

/* Of an op with two results: both are compared and printed. */
static void every_result_is_compared(void **state)
{
    (void)state;
    wg_graph *graph[3];
    for (int64_t version = 0; version < 3; version++) {
        wg_tensor *ones = wg_ones(WG_F32, WG_SHAPE(4 + version / 2)), *matrix = wg_diag(ones), *q, *r;
        {
            WG_TAPE(tape);
            assert_int_equal(wg_qr(matrix, &q, &r), WG_OK);
            assert_non_null(graph[version] = wg_graph_of(tape));
        }
        wg_free(ones), wg_free(matrix);
    }
    wg_graph_changes *none = wg_graph_diff(graph[0], graph[1]), *changes = wg_graph_diff(graph[0], graph[2]);
    assert_true(none && none->n_changes == 0 && none->n_same == 1);
    assert_true(changes && changes->n_changes == 1 && changes->change[0].shape && changes->change[0].cost &&
                !changes->change[0].options);
    char *text = printed(changes, graph[0], graph[2]);
    assert_non_null(strstr(text, "~ qr: f32 [4, 4], f32 [4, 4] → f32 [5, 5], f32 [5, 5], "));
    free(text);
    wg_graph_changes_destroy(none), wg_graph_changes_destroy(changes);
    for (int version = 0; version < 3; version++)
        wg_graph_destroy(graph[version]);
    assert_no_error();
}

static uint64_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static wg_graph *random_chain(uint64_t seed, size_t n)
{
    WG_TAPE(tape);
    wg_tensor *h = wg_ones(WG_F32, WG_SCALAR);
    for (size_t i = 0; i < n; i++)
        switch (draw(&seed) % 4) {
        case 0:
            h = wg_tanh(h);
            break;
        case 1:
            h = wg_sin(h);
            break;
        case 2:
            h = wg_neg(h);
            break;
        default:
            h = wg_cos(h);
        }
    return wg_graph_of(tape);
}

/* Of random sequences of up to 12 nodes: every node of both stands in one pair or change; pairs are in order; and there are as many pairs
   as a longest common subsequence has (by dynamic programming). */
static void pairs_are_a_longest_common_subsequence(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int run = 0; run < 300; run++) {
        wg_graph *a = random_chain(draw(&seed), draw(&seed) % 13), *b = random_chain(draw(&seed), draw(&seed) % 13);
        size_t longest[14][14] = {{0}}, added = 0, removed = 0, last = 0;
        for (size_t i = 1; i <= a->n_nodes; i++)
            for (size_t j = 1; j <= b->n_nodes; j++)
                longest[i][j] = strcmp(a->node[i - 1].op, b->node[j - 1].op) == 0 ? longest[i - 1][j - 1] + 1
                                : longest[i - 1][j] > longest[i][j - 1]           ? longest[i - 1][j]
                                                                                  : longest[i][j - 1];
        wg_graph_changes *changes = wg_graph_diff(a, b);
        assert_non_null(changes);
        for (size_t i = 0; i < changes->n_changes; i++) {
            const wg_graph_change *change = &changes->change[i];
            added += change->kind == WG_GRAPH_ADDED;
            removed += change->kind == WG_GRAPH_REMOVED;
            assert_true(change->kind != WG_GRAPH_CHANGED);
            if (change->kind == WG_GRAPH_ADDED) {
                assert_true(change->after + 1 > last);
                last = change->after + 1;
            }
        }
        assert_int_equal(changes->n_same, longest[a->n_nodes][b->n_nodes]);
        assert_int_equal(changes->n_same + removed, a->n_nodes);
        assert_int_equal(changes->n_same + added, b->n_nodes);
        wg_graph_changes_destroy(changes);
        wg_graph_destroy(a), wg_graph_destroy(b);
    }
    assert_no_error();
}

/* More than a thousand differences: the k-th node of an op corresponds to the k-th. */
static void graphs_that_differ_much(void **state)
{
    (void)state;
    wg_graph *a = random_chain(1, 4000), *b = random_chain(2, 4000);
    wg_graph_changes *changes = wg_graph_diff(a, b);
    assert_non_null(changes);
    assert_true(changes->n_same > 3700); /* the numbers of each op differ little */
    assert_true(changes->n_changes < 600);
    wg_graph_changes_destroy(changes);
    wg_graph_destroy(a), wg_graph_destroy(b);
    assert_no_error();
}

static void a_failed_allocation_leaves_nothing(void **state)
{
    (void)state;
    wg_graph *graphs[][2] = {{chain(3, -1, 2), chain(3, 1, 2)}, {random_chain(1, 4000), random_chain(2, 4000)}};
    for (size_t i = 0; i < 2; i++) {
        wg_graph_changes *changes = NULL;
        int64_t at = 0;
        for (; !changes; at++) {
            wg_memory_fail(at, false);
            changes = wg_graph_diff(graphs[i][0], graphs[i][1]);
            wg_memory_fail(-1, false);
            if (!changes)
                assert_error(WG_E_MEMORY, "graph_diff: ");
        }
        assert_true(at > 3);
        wg_graph_changes_destroy(changes);
        wg_graph_destroy(graphs[i][0]), wg_graph_destroy(graphs[i][1]);
    }
    assert_null(wg_graph_diff(NULL, NULL));
    assert_error(WG_E_NULL, "graph_diff: expected two graphs, got NULL for the first");
    wg_graph_changes_destroy(NULL);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_graph_does_not_differ_from_itself),
        TEST(added_removed_and_changed),
        TEST(two_versions_of_a_network),
        TEST(every_result_is_compared),
        TEST(pairs_are_a_longest_common_subsequence),
        TEST(graphs_that_differ_much),
        TEST(a_failed_allocation_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
