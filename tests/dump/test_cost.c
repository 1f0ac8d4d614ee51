/* The table of counted costs: what stands where, that sums are sums, and that what is unknown is said to be so. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nn_check.h"
#include "text.h"

static void assert_cost(wg_cost cost, double add, double mul, double transcendental)
{
    assert_true(cost.add == add && cost.mul == mul && cost.transcendental == transcendental && cost.div == 0);
}

/* mean of the 6 elements of tanh(x w) v, in the sections "net" and "net/inner"; then backward, on a traced tape. */
static void costs_stand_by_node_and_section(void **state)
{
    (void)state;
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(2, 3)), *w = wg_set_requires_grad(wg_ones(WG_F32, WG_SHAPE(2, 3)), true);
    WG_TAPE(tape, .trace = true);
    assert_int_equal(wg_section_push("net"), WG_OK);
    assert_int_equal(wg_section_push("inner"), WG_OK);
    wg_tensor *h = wg_tanh(wg_mul(x, w));
    wg_section_pop();
    h = wg_mul(h, x);
    wg_section_pop();
    wg_tensor *y = wg_sum(h);
    assert_int_equal(wg_backward(y), WG_OK);
    wg_cost_table *table = wg_cost_of(tape);
    wg_graph *graph = wg_graph_of(tape);
    assert_true(table && graph && graph->traced);
    assert_true(table->backward_known);
    assert_int_equal(table->n_sections, 3);
    assert_string_equal(table->section[0].path, "");
    assert_string_equal(table->section[1].path, "net");
    assert_string_equal(table->section[2].path, "net/inner");
    assert_int_equal(table->section[2].parent, 1);
    assert_int_equal(table->section[1].parent, 0);
    assert_string_equal(graph->node[0].op, "mul");
    assert_int_equal(graph->node[0].section, 2);
    assert_int_equal(graph->node[2].section, 1);
    assert_int_equal(graph->node[3].section, 0);
    assert_cost(graph->node[0].cost, 0, 6, 0);
    assert_true(graph->node[0].known && graph->node[0].part == WG_COST_FORWARD && graph->node[0].cause == WG_GRAPH_NONE);
    const wg_cost_sum *inner = table->section[2].sum, *net = table->section[1].sum, *whole = table->section[0].sum;
    assert_int_equal(inner[WG_COST_FORWARD].nodes, 2);
    assert_cost(inner[WG_COST_FORWARD].cost, 0, 6, 6);
    assert_cost(net[WG_COST_FORWARD].cost, 0, 12, 6);
    assert_cost(whole[WG_COST_FORWARD].cost, 5, 12, 6); /* a sum of six: five additions */
    assert_int_equal(whole[WG_COST_FORWARD].nodes, 4);
    /* Each backward node stands in the section of the forward node that caused it, and the sums are those of the nodes. */
    wg_cost sum = {0};
    size_t n = 0;
    for (size_t i = 4; i < graph->n_nodes; i++) {
        const wg_graph_node *node = &graph->node[i];
        if (node->part != WG_COST_BACKWARD)
            continue;
        assert_true(node->cause < 4);
        assert_int_equal(node->section, graph->node[node->cause].section);
        sum = wg_cost_add(sum, node->cost);
        n++;
    }
    assert_true(n > 0 && net[WG_COST_BACKWARD].nodes > inner[WG_COST_BACKWARD].nodes);
    assert_int_equal(whole[WG_COST_BACKWARD].nodes, n);
    assert_memory_equal(&whole[WG_COST_BACKWARD].cost, &sum, sizeof sum);
    for (size_t i = 0; i < table->n_sections; i++) {
        assert_memory_equal(table->section[i].sum, graph->section[i].sum, sizeof graph->section[i].sum);
        assert_string_equal(table->section[i].path, graph->section[i].path);
    }
    wg_cost_destroy(table);
    wg_graph_destroy(graph);
    wg_clear_gradient(w);
    wg_free(x), wg_free(w);
    assert_no_error();
}

static wg_status doubled(const wg_call *c)
{
    const float *from = wg_data(c->in[0]);
    float *to = wg_data_mut(c->out[0]);
    for (int64_t i = 0; i < wg_numel(c->in[0]); i++)
        to[i] = 2 * from[i];
    return WG_OK;
}

/* An op of the user's that states no cost, in a section; views, which cost nothing, are known. */
static void what_is_unknown_is_not_zero(void **state)
{
    (void)state;
    static const struct wg_op twice = {.name = "twice", .n_in = 1, .n_out = 1, .kernels = {{.run = {doubled, doubled}}}};
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(2, 3));
    WG_TAPE(tape);
    assert_int_equal(wg_section_push("mine"), WG_OK);
    assert_non_null(wg_invoke1(&twice, NULL, wg_transpose(x, 0, 1)));
    wg_section_pop();
    wg_cost_table *table = wg_cost_of(tape);
    wg_graph *graph = wg_graph_of(tape);
    assert_true(table && graph && !graph->traced);
    assert_false(table->backward_known);
    for (size_t i = 0; i < graph->n_nodes; i++)
        assert_int_equal(graph->node[i].known, strcmp(graph->node[i].op, "twice") != 0);
    assert_int_equal(table->section[0].sum[WG_COST_FORWARD].unknown, 1);
    assert_int_equal(table->section[1].sum[WG_COST_FORWARD].unknown, 1);
    wg_cost_destroy(table);
    wg_graph_destroy(graph);
    struct text written;
    char *text = text_end(&written, wg_dump_dot(tape, text_begin(&written)));
    assert_non_null(strstr(text, "forward unknown"));
    assert_non_null(strstr(text, "1 unknown"));
    free(text);
    wg_free(x);
    assert_no_error();
}

static char *printed(const wg_cost_table *table)
{
    struct text text;
    return text_end(&text, wg_cost_print(table, text_begin(&text)));
}

/* mean(square(tanh(x) twice)) with sections that are entered twice and in another order than the tree's, and hostile names. */
static void the_printed_table(void **state)
{
    (void)state;
    static const struct wg_op twice = {.name = "tw\x1bice", .n_in = 1, .n_out = 1, .kernels = {{.run = {doubled, doubled}}}};
    static const char expected[] = "total                      forward   backward   update\n"
                                   "additions                      ≥ 5          ?        -\n"
                                   "multiplications              ≥ 600          ?        -\n"
                                   "divisions                      ≥ 0          ?        -\n"
                                   "comparisons                    ≥ 0          ?        -\n"
                                   "transcendental calls         ≥ 600          ?        -\n"
                                   "bytes read                 ≥ 4,824          ?        -\n"
                                   "bytes written              ≥ 4,804          ?        -\n"
                                   "bytes saved for backward     2,400          ?        -\n"
                                   "bytes allocated              4,828          ?        -\n"
                                   "allocations                      4          ?        -\n"
                                   "nodes                            4          ?        -\n"
                                   "\n"
                                   "section             forward   backward   update   bytes saved\n"
                                   "all                 ≥ 1,205          ?        -         2,400\n"
                                   "  a layer             ≥ 600          ?        -         2,400\n"
                                   "    inner? ?              ?          ?        -             0\n"
                                   "  b                     600          ?        -             0\n"
                                   "  (in no section)         5          ?        -             0\n"
                                   "\n"
                                   "op       forward   backward   update   bytes saved\n"
                                   "tanh         600          ?        -         2,400\n"
                                   "square       600          ?        -             0\n"
                                   "tw?ice         ?          ?        -             0\n"
                                   "sum            5          ?        -             0\n"
                                   "\n"
                                   "? and ≥: 1 node is of an op that does not state its cost.\n"
                                   "\n"
                                   "? of backward: it is recorded on a traced tape only, wg_tape_open(.trace = true).\n";
    wg_tensor *x = wg_set_requires_grad(wg_ones(WG_F32, WG_SHAPE(600)), true), *small = wg_ones(WG_F32, WG_SHAPE(6));
    WG_TAPE(tape);
    assert_int_equal(wg_section_push("a", .kind = "layer"), WG_OK);
    wg_tensor *h = wg_tanh(x);
    wg_section_pop();
    assert_int_equal(wg_section_push("b", .kind = "b"), WG_OK);
    wg_square(h);
    wg_section_pop();
    assert_int_equal(wg_section_push("a", .kind = "layer"), WG_OK);
    assert_int_equal(wg_section_push("inner\n", .kind = "\x01"), WG_OK);
    assert_non_null(wg_invoke1(&twice, NULL, small));
    wg_section_pop();
    wg_section_pop();
    wg_sum(small);
    wg_cost_table *table = wg_cost_of(tape);
    wg_graph *graph = wg_graph_of(tape);
    wg_cost_table *again = wg_graph_costs(graph);
    assert_true(table && again);
    wg_graph_destroy(graph);
    char *text = printed(table), *same = printed(again);
    assert_string_equal(text, expected);
    assert_string_equal(text, same);
    free(text), free(same);
    wg_cost_destroy(table), wg_cost_destroy(again);
    wg_free(x), wg_free(small);
    assert_no_error();
}

/* The rows of the first level add up to the first row: with one for what is in no section and one for an optimizer's updates. */
static void updates_have_a_row_of_their_own(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(3, 4), wg_nn_tanh());
    wg_optim *optim = wg_optim_sgd(wg_nn_parameters(net), .lr = 0.1);
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(2, 3));
    for (int trace = 0; trace < 2; trace++) {
        WG_TAPE(tape, .trace = trace);
        assert_int_equal(wg_backward(wg_sum(wg_nn_apply(net, x))), WG_OK);
        assert_int_equal(wg_optim_step(optim), WG_OK);
        wg_cost_table *table = wg_cost_of(tape);
        assert_non_null(table);
        char *text = printed(table), row[120];
        const double updates = wg_cost_operations(table->section[0].sum[WG_COST_UPDATE].cost);
        assert_true(updates > 0);
        snprintf(row, sizeof row, "\n  (updates in no section)         -          -       %.0f             0\n", updates);
        if (!strstr(text, row))
            fail_msg("no row %s in %s", row, text);
        assert_non_null(strstr(text, "\n  (in no section)                 7 "));
        free(text);
        wg_cost_destroy(table);
    }
    wg_optim_destroy(optim);
    wg_nn_destroy(net);
    wg_free(x);
    assert_no_error();
}

/* Each op's backward nodes stand in its row. */
static void ops_have_the_backward_that_they_caused(void **state)
{
    (void)state;
    wg_tensor *x = wg_set_requires_grad(wg_ones(WG_F64, WG_SHAPE(4)), true);
    WG_TAPE(tape, .trace = true);
    wg_tensor *y = wg_sum(wg_exp(x)), *g = wg_grad(y, x, .create_graph = true);
    assert_int_equal(wg_backward(wg_sum(g)), WG_OK);
    wg_cost_table *table = wg_cost_of(tape);
    assert_non_null(table);
    size_t nodes = 0;
    for (size_t i = 0; i < table->n_ops; i++) {
        const wg_cost_op *op = &table->op[i];
        assert_true(strcmp(op->op, "sum") == 0 || strcmp(op->op, "exp") == 0); /* nothing else was called */
        for (int part = 0; part < WG_COST_PARTS; part++)
            nodes += op->sum[part].nodes;
    }
    assert_int_equal(table->n_ops, 2);
    assert_int_equal(nodes, wg_tape_nodes(tape));
    assert_true(table->op[1].sum[WG_COST_BACKWARD].nodes > 0);
    wg_cost_destroy(table);
    wg_clear_gradient(x);
    wg_free(x);
    assert_no_error();
}

static wg_status slow(const wg_call *c)
{
    const clock_t begin = clock();
    while (clock() - begin < CLOCKS_PER_SEC / 500)
        continue;
    return doubled(c);
}

/* All nodes of a timed tape are measured, backward, updates and views too; those of another are not, and not when it has closed. */
static void times_are_measured_where_asked(void **state)
{
    (void)state;
    static const struct wg_op slow_op = {.name = "slow", .n_in = 1, .n_out = 1, .kernels = {{.run = {slow, slow}}}};
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(3, 4), wg_nn_tanh());
    wg_optim *optim = wg_optim_sgd(wg_nn_parameters(net), .lr = 0.1);
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(2, 3));
    {
        WG_TAPE(tape, .trace = true, .time = true);
        assert_int_equal(wg_backward(wg_sum(wg_reshape(wg_nn_apply(net, x), WG_SHAPE(8)))), WG_OK);
        assert_int_equal(wg_optim_step(optim), WG_OK);
        assert_non_null(wg_invoke1(&slow_op, NULL, x));
        {
            WG_TAPE(inner);
            wg_exp(x);
            wg_graph *graph = wg_graph_of(inner);
            assert_true(graph && graph->node[0].nanoseconds < 0);
            wg_graph_destroy(graph);
        }
        wg_exp(x);
        wg_graph *graph = wg_graph_of(tape);
        wg_cost_table *table = wg_cost_of(tape);
        assert_true(graph && table);
        for (size_t i = 0; i < graph->n_nodes; i++)
            assert_true(graph->node[i].nanoseconds >= 0 && graph->node[i].nanoseconds < 1e10);
        assert_true(graph->node[graph->n_nodes - 2].nanoseconds >= 1.9e6); /* the slow one */
        for (int part = 0; part < WG_COST_PARTS; part++) {
            const wg_cost_sum *sum = &table->section[0].sum[part];
            assert_true(sum->timed == sum->nodes && sum->nodes > 0 && sum->nanoseconds > 0);
        }
        char *text = printed(table);
        assert_non_null(strstr(text, "backward ns"));
        size_t question_marks = 0;
        for (const char *at = text; *at; at++)
            question_marks += *at == '?';
        assert_int_equal(question_marks, 2); /* of the slow op, in its row and in the note: all times are known */
        free(text);
        wg_cost_destroy(table);
        wg_graph_destroy(graph);
    }
    WG_TAPE(tape);
    wg_exp(x);
    wg_graph *graph = wg_graph_of(tape);
    assert_true(graph && graph->node[0].nanoseconds < 0);
    assert_int_equal(graph->section[0].sum[WG_COST_FORWARD].timed, 0);
    wg_graph_destroy(graph);
    wg_optim_destroy(optim);
    wg_nn_destroy(net);
    wg_free(x);
    assert_no_error();
}

static void an_empty_tape_costs_nothing(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_cost_table *table = wg_cost_of(tape);
    assert_non_null(table);
    assert_int_equal(table->n_ops, 0);
    assert_int_equal(table->n_sections, 1);
    assert_int_equal(table->section[0].sum[WG_COST_FORWARD].nodes, 0);
    wg_cost_destroy(table);
    assert_no_error();
}

static void a_failed_allocation_leaves_nothing(void **state)
{
    (void)state;
    WG_TAPE(tape);
    assert_int_equal(wg_section_push("part"), WG_OK);
    wg_sum(wg_ones(WG_F32, WG_SHAPE(3)));
    wg_section_pop();
    wg_cost_table *table = NULL;
    int64_t at = 0;
    for (; !table; at++) {
        wg_memory_fail(at, false);
        table = wg_cost_of(tape);
        wg_memory_fail(-1, false);
        if (!table)
            assert_error(WG_E_MEMORY, "cost_of: ");
    }
    assert_true(at > 5);
    wg_cost_destroy(table);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(costs_stand_by_node_and_section),
        TEST(what_is_unknown_is_not_zero),
        TEST(the_printed_table),
        TEST(updates_have_a_row_of_their_own),
        TEST(ops_have_the_backward_that_they_caused),
        TEST(times_are_measured_where_asked),
        TEST(an_empty_tape_costs_nothing),
        TEST(a_failed_allocation_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
