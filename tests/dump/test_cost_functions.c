/* Cost functions of a program's ops that state no count, run ops or end the recording that asks them, and threads that end in a vjp: a
   graph, a table and a recording stay whole, and what is not known is not counted. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

static wg_cost stated;             /* what the cost function states */
static void (*harm)(wg_tensor *x); /* what it does before */

static wg_status copies(const wg_call *c)
{
    memcpy(wg_data_mut(c->out[0]), wg_data(c->in[0]), (size_t)wg_numel(c->in[0]) * wg_dtype_size(wg_dtype_of(c->in[0])));
    return WG_OK;
}

static wg_cost cost(const wg_call *c)
{
    if (harm)
        harm(c->in[0]);
    return stated;
}

static wg_tensor *copy(wg_tensor *x)
{
    static const struct wg_op op = {.name = "copies", .n_in = 1, .n_out = 1, .kernels = {{.run = {copies, copies}}}, .cost = cost};
    return wg_invoke1(&op, NULL, x);
}

/* Numbers that are no counts make the cost unknown, so that a graph of it can be read back. */
static void what_is_no_count_is_unknown(void **state)
{
    (void)state;
    static const wg_cost wrong[] = {{.add = (double)NAN},
                                    {.mul = -1},
                                    {.bytes_read = (double)INFINITY},
                                    {.add = 1e308, .mul = 1e308}}; /* the sum is infinite */
    harm = NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        stated = wrong[i];
        WG_TAPE(tape);
        made(copy(wg_ones(WG_F32, WG_SHAPE(3))));
        wg_graph *graph = wg_graph_of(tape);
        assert_non_null(graph);
        assert_false(graph->node[0].known);
        assert_int_equal(graph->section[0].sum[WG_COST_FORWARD].unknown, 1);
        assert_true(wg_cost_operations(graph->section[0].sum[WG_COST_FORWARD].cost) == 0);
        wg_graph_destroy(graph);
    }
    assert_null(wg_error_first());
}

static void runs_ops(wg_tensor *x)
{
    for (int i = 0; i < 40; i++)
        wg_square(x);
}

static void fails(wg_tensor *x)
{
    wg_add(x, wg_ones(WG_F32, WG_SHAPE(2, 2)));
}

static wg_status write_json(FILE *stream)
{
    return wg_dump_json(wg_tape_top(), stream);
}

/* The graph has the nodes that were on the tape when it was asked for, and no cost for these. */
static void ops_in_a_cost_function_are_an_error(void **state)
{
    (void)state;
    static void (*const harms[])(wg_tensor *) = {runs_ops, fails};
    stated = (wg_cost){.add = 3};
    for (size_t i = 0; i < 2; i++) {
        wg_error error;
        WG_TAPE(tape);
        harm = NULL;
        made(copy(copy(wg_ones(WG_F32, WG_SHAPE(3)))));
        harm = harms[i];
        wg_graph *graph = wg_graph_of(tape);
        assert_non_null(graph);
        assert_int_equal(graph->n_nodes, 2);
        assert_int_equal(graph->n_values, 3);
        assert_false(graph->node[0].known || graph->node[1].known);
        assert_int_equal(wg_error_take(&error), i == 0 ? WG_E_STATE : WG_E_SHAPE);
        assert_non_null(strstr(error.message, i == 0 ? "copies: its cost ran ops on the tape" : "add"));
        wg_graph_destroy(graph);
        FILE *stream = tmpfile();
        assert_int_equal(write_json(stream), WG_OK);
        assert_int_not_equal(wg_error_take(&error), WG_OK);
        wg_cost_table *table = wg_cost_of(tape);
        assert_non_null(table);
        wg_cost_destroy(table);
        assert_int_not_equal(wg_error_take(&error), WG_OK);
        fclose(stream);
    }
    harm = NULL;
}

static void calls_its_op(wg_tensor *x)
{
    copy(x);
}

static wg_status ended[2];

static void ends_the_recordings(wg_tensor *x)
{
    (void)x;
    ended[0] = wg_trace_end();
    ended[1] = wg_lifetime_end() ? WG_OK : WG_E_STATE;
}

/* A recording asks for the cost of each op that runs. */
static void recordings_outlast_a_cost_function(void **state)
{
    (void)state;
    static void (*const harms[])(wg_tensor *) = {calls_its_op, ends_the_recordings};
    stated = (wg_cost){.add = 3};
    for (size_t i = 0; i < 2; i++) {
        wg_error error;
        FILE *stream = tmpfile();
        assert_non_null(stream);
        assert_ok(wg_trace_begin(stream));
        assert_ok(wg_lifetime_begin());
        {
            WG_TAPE(tape);
            wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(30)));
            harm = harms[i];
            made(copy(x));
            assert_int_equal(wg_error_take(&error), WG_E_STATE);
            harm = NULL;
        }
        wg_lifetime *lifetime = wg_lifetime_end();
        assert_non_null(lifetime);
        wg_lifetime_destroy(lifetime);
        assert_ok(wg_trace_end());
        fclose(stream);
    }
    assert_true(ended[0] == WG_E_STATE && ended[1] == WG_E_STATE);
}

static wg_status ends_the_thread(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c, (void)gy, (void)gx;
    pthread_exit(NULL);
}

static void *traced_thread(void *stream)
{
    static const struct wg_op op = {
        .name = "last", .n_in = 1, .n_out = 1, .kernels = {{.run = {copies, copies}}}, .vjp = ends_the_thread};
    if (wg_trace_begin(stream) != WG_OK || !wg_tape_open())
        return stream;
    wg_tensor *x = wg_set_requires_grad(wg_ones(WG_F32, WG_SHAPE(3)), true);
    (void)!wg_backward(wg_sum(wg_invoke1(&op, NULL, x)));
    return stream;
}

/* The tape is closed, and its nodes are gone, before the trace of the thread ends. */
static void a_thread_that_ends_in_a_vjp(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    pthread_t thread;
    void *returned;
    assert_non_null(stream);
    assert_int_equal(pthread_create(&thread, NULL, traced_thread, stream), 0);
    assert_int_equal(pthread_join(thread, &returned), 0);
    fclose(stream);
    assert_null(returned);
    assert_non_null(strstr(text, "\"name\":\"interrupted\""));
    assert_null(strstr(text, "vjp of last"));
    assert_string_equal(text + strlen(text) - 4, "\n]}\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_no_count_is_unknown),
        TEST(ops_in_a_cost_function_are_an_error),
        TEST(recordings_outlast_a_cost_function),
        TEST(a_thread_that_ends_in_a_vjp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
