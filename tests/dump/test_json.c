/* Graphs as JSON: what was written reads back and is written again with the same bytes; a tape is written without a graph in memory; what
   is no graph is refused with words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn_check.h"
#include "text.h"

/* False, and the error taken, if the library was built without jansson. */
static bool can_read(void)
{
    wg_graph *graph = from_json(
        "{\"format\":\"wengert graph\",\"version\":1,\"traced\":false,\"nodes\":[],\"values\":[],\"sections\":[{}]}");
    wg_error error;
    wg_graph_destroy(graph);
    return graph || wg_error_take(&error) != WG_E_STATE;
}

/* The graph of the top tape as JSON, as wg_dump_json and wg_graph_write_json give it, read back and written again, as JSON and as DOT. */
static void assert_round_trip(void)
{
    struct text written;
    char *streamed = text_end(&written, wg_dump_json(wg_tape_top(), text_begin(&written)));
    wg_graph *graph = wg_graph_of(wg_tape_top());
    assert_non_null(graph);
    char *text = as_json(graph);
    assert_string_equal(text, streamed);
    if (can_read()) {
        wg_graph *back = from_json(text);
        if (!back)
            fail_msg("%s", wg_error_first()->message);
        char *again = as_json(back), *picture = as_dot(graph), *picture_of_back = as_dot(back);
        assert_string_equal(again, text);
        assert_string_equal(picture_of_back, picture);
        assert_int_equal(back->n_sections, graph->n_sections);
        for (size_t i = 0; i < graph->n_sections; i++) {
            assert_string_equal(back->section[i].path, graph->section[i].path);
            assert_memory_equal(back->section[i].sum, graph->section[i].sum, sizeof graph->section[i].sum);
        }
        wg_graph_destroy(back);
        free(again), free(picture), free(picture_of_back);
    }
    wg_graph_destroy(graph);
    free(text), free(streamed);
}

/* A training step: sections, views, updates, gradients, released values or traced ones, a batch normalisation's buffers. */
static void a_training_step_reads_back(void **state)
{
    (void)state;
    for (int traced = 0; traced < 2; traced++) {
        wg_nn_module *net = wg_nn_sequential(wg_nn_linear(4, 5), wg_nn_batch_norm(5), wg_nn_tanh(), wg_nn_linear(5, 2));
        wg_optim *optim = wg_optim_adam(wg_nn_parameters(net));
        wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(3, 4));
        {
            WG_TAPE(tape, .trace = traced);
            wg_tensor *loss = wg_mean(wg_square(wg_nn_apply(net, x)));
            assert_round_trip();
            assert_int_equal(wg_backward(loss), WG_OK);
            assert_int_equal(wg_optim_step(optim), WG_OK);
            assert_round_trip();
        }
        wg_optim_destroy(optim);
        wg_nn_destroy(net);
        wg_free(x);
    }
    assert_no_error();
}

/* Every kind of number: fractions, huge ones, NaN, infinities, -0; and no number for what is not known. */
static void numbers_keep_all_digits(void **state)
{
    (void)state;
    const double numbers[] = {0.1, 1e300, -INFINITY}, zero[] = {-0.0, -0.0}, bad[] = {NAN, NAN};
    WG_TAPE(tape);
    wg_square(wg_from(numbers, WG_SHAPE(3)));
    wg_square(wg_from(zero, WG_SHAPE(2)));
    wg_square(wg_from(bad, WG_SHAPE(2)));
    wg_square(wg_full(WG_F64, WG_SCALAR, 1234567890123456789.0));
    wg_square(wg_full(WG_F32, WG_SHAPE(0), 1));
    wg_square(wg_full(WG_F64, WG_SCALAR, 1.0 / 3));
    assert_round_trip();
    wg_graph *graph = wg_graph_of(tape);
    char *text = as_json(graph);
    assert_non_null(strstr(text, "\"-inf\""));
    assert_non_null(strstr(text, "\"nan\""));
    assert_non_null(strstr(text, "-0.0"));
    assert_non_null(strstr(text, "0.3333333333333333,"));
    free(text);
    wg_graph_destroy(graph);
    assert_no_error();
}

/* Names are data: no quote, no tag, no line separator of JavaScript and no byte that is not UTF-8 gets through. */
static void hostile_names_stay_data(void **state)
{
    (void)state;
    static const char hostile[] = "\"},{\"op\":</script><script>alert(1)&'\\\n\x01\x7f\xff\xc3(\xe2\x80\xa8 \xed\xa0\x80 \xc3\xa9";
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(2));
    assert_int_equal(wg_set_name(x, hostile), WG_OK);
    WG_TAPE(tape);
    assert_int_equal(wg_section_push(hostile, .kind = hostile), WG_OK);
    wg_square(x);
    wg_section_pop();
    wg_graph *graph = wg_graph_of(tape);
    char *text = as_json(graph);
    for (const char *at = text; *at; at++)
        assert_false(strchr("<>&'\x01\xff", *at));
    assert_null(strstr(text, "\xe2\x80\xa8"));
    assert_non_null(strstr(text, "\\u2028"));
    assert_non_null(strstr(text, "\xc3\xa9"));
    if (can_read()) {
        wg_graph *back = from_json(text);
        assert_non_null(back);
        char *again = as_json(back);
        assert_string_equal(again, text);
        assert_int_equal(strncmp(back->section[1].name, hostile, 40), 0);
        assert_int_equal(back->n_nodes, 1);
        wg_graph_destroy(back);
        free(again);
    }
    free(text);
    wg_graph_destroy(graph);
    wg_free(x);
    assert_no_error();
}

#define HEAD "{\"format\":\"wengert graph\",\"version\":1,\"traced\":false,"
#define NODES(nodes) HEAD "\"nodes\":[" nodes "],\"values\":[{\"node\":0,\"shape\":[]}],\"sections\":[{}]}"
#define VALUES(values) HEAD "\"nodes\":[{\"op\":\"f\",\"out\":[0],\"cost\":null}],\"values\":[" values "],\"sections\":[{}]}"
#define SECTIONS(sections) HEAD "\"nodes\":[],\"values\":[],\"sections\":[" sections "]}"
#define F "{\"op\":\"f\",\"out\":[0],\"cost\":null"

static void what_is_no_graph_is_refused_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {" ", "line 1, column 1: expected JSON"},
        {"{\"format\": ", "line 1, column 11: expected JSON"},
        {"[]", "\"format\": expected \"wengert graph\", got nothing"},
        {"{\"format\":3}", "\"format\": expected \"wengert graph\", got 3"},
        {"{\"format\":\"wengert graph\",\"version\":2}", "\"version\": expected 1, the version that this library reads, got 2"},
        {"{\"format\":\"wengert graph\",\"version\":1,\"version\":1}", "duplicate"},
        {"{\"format\":\"wengert graph\",\"version\":1,\"nodes\":[],\"values\":{}}", "\"values\": expected a list, got an object"},
        {HEAD "\"nodes\":[],\"values\":[],\"sections\":[]}", "\"sections\": expected a list that begins with the whole graph"},
        {HEAD "\"nodes\":[],\"values\":[],\"sections\":[{}],\"title\":1}", "\"title\": expected only keys of the format, got 1"},
        {NODES("7"), "nodes[0], \"nodes\": expected an object, got 7"},
        {NODES(F ",\"part\":\"sideways\"}"),
         "nodes[0], \"part\": expected one of \"forward\", \"backward\", \"update\", got \"sideways\""},
        {NODES(F ",\"cause\":0}"), "nodes[0], \"cause\": expected no such key here, got 0"},
        {NODES(F ",\"part\":\"backward\",\"cause\":0}"), "nodes[0], \"cause\": expected no such key here, got 0"},
        {NODES(F "},{\"part\":\"backward\",\"cause\":1,\"cost\":null}"),
         "nodes[1], \"cause\": expected a number from 0, below 1, got 1"},
        {NODES(F ",\"section\":1}"), "nodes[0], \"section\": expected a number from 0, below 1, got 1"},
        {NODES(F ",\"section\":-1}"), "got -1"},
        {NODES(F ",\"section\":0.5}"), "got 0.5"},
        {NODES(F ",\"in\":3}"), "nodes[0], \"in\": expected a list, got 3"},
        {NODES(F ",\"in\":[null,1]}"), "nodes[0], \"in\": expected numbers from 0, below 1, or null, got 1"},
        {NODES(F ",\"in\":[0]}"), "nodes[0], \"in\": expected values of earlier nodes, or \"nodes\" above 1, got 0 of node 0"},
        {NODES(F ",\"writes\":[null]}"), "nodes[0], \"writes\": expected numbers from 0, below 1, got null"},
        {NODES("{\"op\":\"f\",\"out\":[0]}"), "nodes[0], \"cost\": expected an object, or null for an unknown cost, got nothing"},
        {NODES("{\"op\":\"f\",\"out\":[0],\"cost\":{\"add\":-1}}"),
         "nodes[0], \"add\": expected a number that is not negative, got -1"},
        {NODES("{\"op\":\"f\",\"out\":[0],\"cost\":{\"sub\":1}}"), "nodes[0], \"sub\": expected only keys of the format, got 1"},
        {NODES("{\"op\":\"f\",\"out\":[0],\"cost\":{\"add\":\"nan\"}}"), "got \"nan\""},
        {NODES(F ",\"unknown\":0}"), "nodes[0], \"unknown\": expected no such key beside an unknown cost, got 0"},
        {NODES(F ",\"nodes\":3,\"unknown\":1}"), "nodes[0], \"unknown\": expected no such key beside an unknown cost, got 1"},
        {NODES("{\"op\":\"f\",\"out\":[0],\"cost\":{\"add\":5},\"unknown\":1}"),
         "nodes[0], \"unknown\": expected a number from 0, below 1, got 1"},
        {NODES("{\"op\":\"f\",\"cost\":null}"),
         "values[0], \"node\": expected a node whose \"out\" names this value in slot 0, got 0"},
        {NODES(F "},{\"op\":\"g\",\"out\":[0],\"cost\":null}"),
         "nodes[1], \"out\": expected a value whose \"node\" is 1 and \"slot\" 0, got 0"},
        {NODES(F ",\"nanoseconds\":-1}"), "nodes[0], \"nanoseconds\": expected a number that is not negative, got -1"},
        {VALUES("{\"node\":1,\"shape\":[]}"), "values[0], \"node\": expected a number from 0, below 1, got 1"},
        {VALUES("{\"shape\":[]}"), "values[0], \"node\": expected the number of the node that made this result, got nothing"},
        {VALUES("{\"node\":0}"), "values[0], \"shape\": expected a list of at most 8 extents, got nothing"},
        {VALUES("{\"node\":0,\"shape\":[1,1,1,1,1,1,1,1,1]}"),
         "values[0], \"shape\": expected a list of at most 8 extents, got a list of 9"},
        {VALUES("{\"node\":0,\"shape\":[-3]}"), "values[0], \"shape\": expected extents that are not negative, got -3"},
        {VALUES("{\"node\":0,\"shape\":[],\"dtype\":\"f16\"}"),
         "values[0], \"dtype\": expected one of \"f32\", \"f64\", \"i64\", \"u8\", got \"f16\""},
        {VALUES("{\"node\":0,\"shape\":[],\"saved\":1}"), "values[0], \"saved\": expected true or false, got 1"},
        {VALUES("{\"node\":0,\"shape\":[],\"name\":[]}"), "values[0], \"name\": expected a text, got a list of 0"},
        {VALUES("{\"node\":0,\"shape\":[],\"elements\":[1,2,3]}"), "values[0], \"elements\": expected a list of 5 numbers"},
        {VALUES("{\"node\":0,\"shape\":[],\"base\":1},{\"origin\":\"caller\",\"shape\":[],\"base\":0}"),
         "values[0], \"base\": expected a value that is its own base, got 1"},
        {VALUES("{\"node\":0,\"shape\":[]},{\"origin\":\"caller\",\"node\":0,\"shape\":[]}"),
         "values[1], \"node\": expected no such key here, got 0"},
        {SECTIONS("{\"name\":\"a\"}"),
         "sections[0], \"sections\": expected an empty object, the whole graph, first, got an object"},
        {SECTIONS("{},{\"name\":\"a\",\"parent\":1}"), "sections[1], \"parent\": expected a number from 0, below 1, got 1"},
        {SECTIONS("{},{\"name\":\"a\\u0000b\"}"), "expected JSON"},
    };
    if (!can_read())
        return;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_null(from_json(wrong[i].text));
        assert_error(WG_E_ARGUMENT, wrong[i].message);
    }
    wg_graph *graph = from_json(NODES("{\"out\":[0],\"cost\":{\"add\":0,\"mul\":\"inf\"}}"));
    assert_non_null(graph);
    assert_true(graph->node[0].known && graph->node[0].cost.add == 0 && isinf(graph->node[0].cost.mul));
    assert_true(graph->value[0].dtype == WG_F32 && graph->value[0].origin == WG_GRAPH_RESULT && graph->value[0].base == 0);
    assert_true(graph->node[0].part == WG_COST_FORWARD && graph->node[0].cause == WG_GRAPH_NONE && graph->node[0].nanoseconds < 0);
    wg_graph_destroy(graph);
    assert_null(wg_graph_read_json(NULL));
    assert_error(WG_E_NULL, "graph_read_json: expected a stream, got NULL");
    FILE *closed = fopen("/dev/null", "w");
    assert_null(wg_graph_read_json(closed));
    assert_error(WG_E_IO, "graph_read_json: the stream could not be read");
    fclose(closed);
}

/* Written, read and written again. */
static void assert_reads_back(const wg_graph *graph)
{
    char *text = as_json(graph);
    wg_graph *back = from_json(text);
    if (!back)
        fail_msg("%s", wg_error_first()->message);
    char *again = as_json(back);
    assert_string_equal(again, text);
    wg_graph_destroy(back);
    free(text), free(again);
}

/* A collapsed section of one node whose result nobody reads, so that the box has no result; and a node without operands. */
static void graphs_of_little_read_back(void **state)
{
    (void)state;
    if (!can_read())
        return;
    WG_TAPE(tape);
    assert_int_equal(wg_section_push("unread"), WG_OK);
    assert_non_null(wg_exp(wg_ones(WG_F32, WG_SHAPE(2))));
    wg_section_pop();
    wg_graph *graph = wg_graph_of(tape), *boxes = graph ? wg_graph_collapse(graph, .depth = 0) : NULL;
    assert_non_null(boxes);
    assert_true(boxes->node[0].box && boxes->node[0].allocations > boxes->node[0].n_out);
    assert_reads_back(boxes);
    wg_graph_destroy(boxes);
    wg_graph_destroy(graph);
    graph = from_json(NODES(F ",\"gradients\":[]}"));
    assert_non_null(graph);
    assert_reads_back(graph);
    wg_graph_destroy(graph);
}

/* Writes to nowhere. The most bytes in use until then, over those in use before: an upper bound of what writing takes. */
static int64_t memory_of_a_dump(const wg_tape *tape)
{
    FILE *stream = fopen("/dev/null", "w");
    assert_non_null(stream);
    const int64_t before = wg_memory_now().live;
    assert_int_equal(wg_dump_json(tape, stream), WG_OK);
    fclose(stream);
    return wg_memory_now().peak - before;
}

/* 100,000 nodes take half a byte each, ten times as many nodes ten times that, and nothing stays. */
static void a_long_tape_is_written_in_little_memory(void **state)
{
    (void)state;
    enum { LONG = 100000 };
    WG_TAPE(tape);
    wg_tensor *t = wg_exp(wg_ones(WG_F32, WG_SCALAR));
    for (int i = 1; i < LONG; i++)
        t = i % 100 == 0 ? wg_transpose(wg_reshape(t, WG_SHAPE(1, 1)), 0, 1) : wg_mul_scalar(t, 1);
    assert_true(wg_tape_nodes(tape) >= LONG);
    const int64_t live = wg_memory_now().live, taken = memory_of_a_dump(tape);
    print_message("%lld bytes for %zu nodes\n", (long long)taken, wg_tape_nodes(tape));
    assert_true(taken <= LONG / 2 + 50000);
    assert_int_equal(wg_memory_now().live, live);
    assert_no_error();
}

static void failures_of_memory_and_streams(void **state)
{
    (void)state;
    WG_TAPE(tape);
    assert_int_equal(wg_section_push("part"), WG_OK);
    wg_tanh(wg_ones(WG_F32, WG_SHAPE(3)));
    wg_section_pop();
    FILE *full = fopen("/dev/full", "w");
    wg_graph *graph = wg_graph_of(tape);
    assert_true(full && graph);
    setvbuf(full, NULL, _IONBF, 0);
    assert_int_equal(wg_dump_json(tape, full), WG_E_IO);
    assert_error(WG_E_IO, "dump_json: the stream could not be written");
    assert_int_equal(wg_graph_write_json(graph, full), WG_E_IO);
    assert_error(WG_E_IO, "graph_write_json: the stream could not be written");
    fclose(full);
    assert_int_equal(wg_dump_json(NULL, stdout), WG_E_NULL);
    assert_error(WG_E_NULL, "dump_json: expected a tape, got NULL");
    assert_int_equal(wg_graph_write_json(NULL, stdout), WG_E_NULL);
    assert_error(WG_E_NULL, "graph_write_json: expected a graph, got NULL");
    char *text = as_json(graph);
    FILE *nowhere = fopen("/dev/null", "w");
    int64_t at = 0;
    for (wg_status status = WG_E_MEMORY; status != WG_OK; at++) {
        wg_memory_fail(at, false);
        status = wg_dump_json(tape, nowhere);
        wg_memory_fail(-1, false);
        if (status != WG_OK)
            assert_error(WG_E_MEMORY, "dump_json: ");
    }
    assert_true(at > 4);
    wg_graph *back = NULL;
    for (at = 0; !back && can_read(); at++) {
        wg_memory_fail(at, false);
        back = from_json(text);
        wg_memory_fail(-1, false);
        if (!back)
            assert_error(WG_E_MEMORY, "graph_read_json: ");
    }
    fclose(nowhere);
    free(text);
    wg_graph_destroy(back);
    wg_graph_destroy(graph);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_training_step_reads_back),           TEST(numbers_keep_all_digits),    TEST(hostile_names_stay_data),
        TEST(what_is_no_graph_is_refused_in_words), TEST(graphs_of_little_read_back), TEST(a_long_tape_is_written_in_little_memory),
        TEST(failures_of_memory_and_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
