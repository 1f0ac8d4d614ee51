/* The graph of a tape as data: numbers, memory, values and sections. */
#include <math.h>
#include <string.h>

#include "nn_check.h"

static size_t find_value(const wg_graph *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_values; i++)
        if (strcmp(graph->value[i].name, name) == 0)
            return i;
    fail_msg("no value \"%s\"", name);
    return 0;
}

/* Everything refers to what exists, comes before what depends on it, and agrees with what it refers to. */
static void assert_sound(const wg_graph *graph)
{
    for (size_t i = 0; i < graph->n_nodes; i++) {
        const wg_graph_node *node = &graph->node[i];
        assert_true(node->section < graph->n_sections);
        assert_true(node->cause == WG_GRAPH_NONE || node->cause < i);
        assert_true(node->cause == WG_GRAPH_NONE || node->part == WG_COST_BACKWARD);
        for (size_t k = 0; k < node->n_in; k++) {
            assert_true(node->in[k] == WG_GRAPH_NONE || node->in[k] < graph->n_values);
            if (node->in[k] != WG_GRAPH_NONE && graph->value[node->in[k]].node != WG_GRAPH_NONE)
                assert_true(graph->value[node->in[k]].node < i);
        }
        for (size_t k = 0; k < node->n_out; k++) {
            assert_int_equal(graph->value[node->out[k]].node, i);
            assert_int_equal(graph->value[node->out[k]].slot, k);
        }
    }
    for (size_t i = 0; i < graph->n_values; i++) {
        const wg_graph_value *value = &graph->value[i];
        assert_true((value->origin == WG_GRAPH_RESULT) == (value->node != WG_GRAPH_NONE));
        assert_true(value->base < graph->n_values);
        assert_int_equal(graph->value[value->base].base, value->base);
        assert_true(value->gradient == WG_GRAPH_NONE || value->gradient < graph->n_values);
    }
    for (size_t i = 1; i < graph->n_sections; i++)
        assert_true(graph->section[i].parent < i);
}

/* y = sum(reshape(x w)) with x = 1, w = (1, 2, NaN). */
static void values_say_what_they_are(void **state)
{
    (void)state;
    const float numbers[] = {1, 2, NAN};
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(3)), *w = wg_set_requires_grad(wg_from(numbers, WG_SHAPE(3)), true);
    assert_int_equal(wg_set_name(x, "x"), WG_OK);
    assert_int_equal(wg_set_name(w, "w"), WG_OK);
    WG_TAPE(tape, .trace = true);
    wg_tensor *product = wg_mul(x, w), *column = wg_reshape(product, WG_SHAPE(3, 1)), *y = wg_sum(column);
    assert_int_equal(wg_set_name(product, "product"), WG_OK);
    assert_int_equal(wg_set_name(column, "column"), WG_OK);
    assert_int_equal(wg_backward(y), WG_OK);
    wg_graph *graph = wg_graph_of(tape);
    assert_non_null(graph);
    assert_sound(graph);
    const wg_graph_value *vx = &graph->value[find_value(graph, "x")], *vw = &graph->value[find_value(graph, "w")];
    const wg_graph_value *vp = &graph->value[0], *vc = &graph->value[1];
    assert_true(vx->origin == WG_GRAPH_CALLER && !vx->requires_gradient && vx->gradient == WG_GRAPH_NONE && !vx->gradient_elements);
    assert_true(vw->origin == WG_GRAPH_CALLER && vw->requires_gradient && vw->dtype == WG_F32);
    assert_true(vw->shape.rank == 1 && vw->shape.extent[0] == 3);
    assert_true(vw->elements->min == 1 && vw->elements->max == 2 && vw->elements->mean == 1.5 && vw->elements->nan == 1);
    assert_true(fabs(vw->elements->norm - sqrt(5)) < 1e-15);
    assert_true(vw->gradient_elements->min == 1 && vw->gradient_elements->max == 1 && vw->gradient_elements->mean == 1);
    assert_true(vw->gradient != WG_GRAPH_NONE && graph->node[graph->value[vw->gradient].node].part == WG_COST_BACKWARD);
    assert_string_equal(vp->name, "product");
    assert_int_equal(vp->base, 0);
    assert_string_equal(vc->name, "column");
    assert_int_equal(vc->base, 0); /* a view of the product */
    /* Results have gradients, too: that of y is the seed, a constant; that of the product has its shape. */
    const wg_graph_value *vy = &graph->value[2];
    assert_true(vy->gradient != WG_GRAPH_NONE && graph->value[vy->gradient].origin == WG_GRAPH_CONSTANT);
    assert_true(vy->gradient_elements->min == 1 && vy->gradient_elements->max == 1);
    assert_true(vp->gradient != WG_GRAPH_NONE && graph->value[vp->gradient].shape.rank == 1 && vp->gradient_elements->max == 1);
    assert_true(vc->gradient != WG_GRAPH_NONE && graph->value[vc->gradient].shape.rank == 2);
    assert_true(graph->value[vw->gradient].gradient == WG_GRAPH_NONE); /* no pass went through backward's own nodes */
    assert_true(graph->node[1].view && graph->node[1].known && graph->node[1].allocations == 0);
    assert_true(graph->node[0].allocations == 1 && graph->node[0].bytes_allocated == 12);
    wg_graph_destroy(graph);
    graph = wg_graph_of(tape, .values = false);
    assert_non_null(graph);
    assert_sound(graph);
    for (size_t i = 0; i < graph->n_values; i++)
        assert_true(!graph->value[i].elements && !graph->value[i].gradient_elements);
    wg_graph_destroy(graph);
    wg_clear_gradient(w);
    wg_free(x), wg_free(w);
    assert_no_error();
}

/* tanh saves its result, square its input, which is the same value; mul saves both operands, one of which is the caller's. */
static void saved_bytes_count_once(void **state)
{
    (void)state;
    wg_tensor *w = wg_set_requires_grad(wg_ones(WG_F64, WG_SHAPE(5)), true);
    WG_TAPE(tape);
    wg_tensor *h = wg_tanh(w), *s = wg_square(h);
    wg_sum(wg_mul(s, w));
    wg_graph *graph = wg_graph_of(tape);
    assert_non_null(graph);
    assert_sound(graph);
    assert_true(graph->node[0].bytes_saved == 40);
    assert_true(graph->node[1].bytes_saved == 0);
    assert_true(graph->node[2].bytes_saved == 40);
    assert_true(graph->node[3].bytes_saved == 0);
    assert_true(graph->section[0].sum[WG_COST_FORWARD].bytes_saved == 80);
    assert_true(graph->value[0].saved && graph->value[1].saved && !graph->value[2].saved);
    wg_graph_destroy(graph);
    {
        WG_NO_GRAD;
        wg_tensor *t = wg_tanh(w);
        assert_non_null(t);
    }
    assert_true((graph = wg_graph_of(tape)) != NULL);
    assert_true(graph->node[4].bytes_saved == 0);
    wg_graph_destroy(graph);
    wg_free(w);
    assert_no_error();
}

/* Of views too, which lie with gaps and in another order: of the matrix 1 … 12 columns 1 and 3, transposed. */
static void elements_of_strided_tensors(void **state)
{
    (void)state;
    float number[12];
    for (int i = 0; i < 12; i++)
        number[i] = (float)(i + 1);
    WG_TAPE(tape);
    wg_transpose(wg_slice(wg_mul_scalar(wg_from(number, WG_SHAPE(3, 4)), 1), 1, 1, 4, 2), 0, 1);
    wg_graph *graph = wg_graph_of(tape);
    assert_non_null(graph);
    for (size_t i = 1; i < 3; i++) { /* 2 4 6 8 10 12 */
        const wg_graph_elements *e = graph->value[i].elements;
        assert_true(e && e->min == 2 && e->max == 12 && e->mean == 7 && e->nan == 0);
        assert_close(e->norm, sqrt(4 + 16 + 36 + 64 + 100 + 144), 1e-15);
        assert_int_equal(graph->value[i].base, 0);
    }
    wg_graph_destroy(graph);
    assert_no_error();
}

/* A dropped value can still be read, a released one cannot. */
static void elements_of_dropped_and_released_values(void **state)
{
    (void)state;
    wg_tensor *w = wg_set_requires_grad(wg_ones(WG_F32, WG_SHAPE(50)), true);
    WG_TAPE(tape);
    wg_tensor *h = wg_exp(w), *y = wg_sum(h);
    wg_drop(h);
    wg_graph *graph = wg_graph_of(tape);
    assert_non_null(graph);
    assert_true(graph->value[0].elements && graph->value[1].elements && !graph->value[0].released);
    wg_graph_destroy(graph);
    assert_int_equal(wg_backward(y), WG_OK);
    assert_non_null(graph = wg_graph_of(tape));
    assert_true(!graph->value[0].elements && graph->value[0].released && graph->value[1].elements);
    assert_true(graph->value[2].gradient_elements && graph->value[2].gradient == WG_GRAPH_NONE); /* no node of the tape made it */
    wg_graph_destroy(graph);
    wg_clear_gradient(w);
    wg_free(w);
    assert_no_error();
}

/* A constant counts once, however many nodes save it; a result may be written over any operand. */
static void memory_of_second_operands(void **state)
{
    (void)state;
    wg_tensor *w = wg_set_requires_grad(wg_ones(WG_F32, WG_SHAPE(50)), true), *plain = wg_ones(WG_F32, WG_SHAPE(50));
    WG_TAPE(tape, .trace = true);
    wg_tensor *constant = wg_full(WG_F32, WG_SHAPE(50), 2), *h = wg_exp(plain);
    wg_mul(w, constant);
    wg_mul(w, constant);
    wg_mul(w, h);
    wg_add(plain, wg_donate(wg_exp(plain)));
    wg_graph *graph = wg_graph_of(tape);
    assert_non_null(graph);
    assert_sound(graph);
    assert_true(graph->node[1].bytes_saved == 200 && graph->node[2].bytes_saved == 0 && graph->node[3].bytes_saved == 200);
    assert_true(graph->node[5].allocations == 0 && graph->node[4].allocations == 1);
    assert_int_equal(graph->value[5].base, 4);
    wg_graph_destroy(graph);
    wg_free(w), wg_free(plain);
    assert_no_error();
}

static void constants_and_values_of_a_tape_below(void **state)
{
    (void)state;
    WG_TAPE(below);
    wg_tensor *outer = wg_exp(wg_ones(WG_F32, WG_SHAPE(2)));
    WG_TAPE(tape);
    wg_tensor *two = wg_full(WG_F32, WG_SHAPE(2), 2);
    wg_mul(outer, two);
    wg_graph *graph = wg_graph_of(tape);
    assert_non_null(graph);
    assert_sound(graph);
    assert_int_equal(graph->n_values, 3);
    assert_int_equal(graph->value[1].origin, WG_GRAPH_OUTER);
    assert_string_equal(graph->value[1].outer, "exp");
    assert_int_equal(graph->value[2].origin, WG_GRAPH_CONSTANT);
    wg_graph_destroy(graph);
    assert_no_error();
}

/* A network's sections have the kinds of its modules, and the graph outlives network and tape. */
static void sections_have_the_kinds_of_modules(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 4, 2), .activation = WG_ACTIVATION_TANH);
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(2, 3));
    wg_graph *graph = NULL;
    {
        WG_TAPE(tape);
        assert_non_null(wg_nn_apply(net, x));
        graph = wg_graph_of(tape);
    }
    wg_nn_destroy(net);
    wg_free(x);
    assert_non_null(graph);
    assert_sound(graph);
    assert_int_equal(graph->n_sections, 4);
    assert_string_equal(graph->section[1].name, "0");
    assert_string_equal(graph->section[1].kind, "linear");
    assert_string_equal(graph->section[2].kind, "tanh");
    assert_string_equal(graph->section[2].path, "1");
    assert_string_equal(graph->section[0].kind, "");
    wg_graph_destroy(graph);
    wg_graph_destroy(NULL);
    assert_no_error();
}

/* Each view of a chain has the chain's first value as its base, however long the chain is. */
static void a_chain_of_views_has_one_base(void **state)
{
    (void)state;
    enum { LONG = 3000 };
    WG_TAPE(tape);
    wg_tensor *first = wg_exp(wg_ones(WG_F32, WG_SHAPE(2, 3))), *t = first;
    for (int i = 0; i < LONG; i++)
        t = wg_transpose(t, 0, 1);
    wg_graph *graph = wg_graph_of(tape);
    assert_non_null(graph);
    assert_int_equal(graph->n_nodes, LONG + 1);
    for (size_t i = 0; i <= LONG; i++)
        assert_int_equal(graph->value[i].base, 0);
    wg_graph_destroy(graph);
    assert_no_error();
}

/* The params that an op names, in any locale with a decimal point; presets are left out. */
static void options_of_ops_are_text(void **state)
{
    (void)state;
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(2, 3)), *image = wg_ones(WG_F32, WG_SHAPE(1, 1, 5, 5)),
              *kernel = wg_ones(WG_F32, WG_SHAPE(1, 1, 2, 2));
    WG_TAPE(tape);
    wg_sum(x, .axes = WG_AXES(0, 1), .keepdims = true);
    wg_mul_scalar(x, 0.1);
    wg_softmax(x, .axis = 1);
    wg_slice(x, 1, 0, 2, 1);
    wg_cast(x, WG_F64);
    wg_conv2d(image, kernel, WG_NONE, .stride = WG_PAIR(1, 2), .padding = WG_PAIR(1, 1));
    wg_clamp(x, -1, 0.5);
    wg_tanh(x);
    wg_slice_grad(x, 7, 1, 2, 2);
    static const char *const expected[] = {
        "axes=0 1, keepdims",       "0.1",       "axis=1",
        "axis=1, start=0, count=2", "dtype=f64", "stride=1x2, padding=1",
        "low=-1, high=0.5",         "",          "axis=1, start=2, step=2",
    };
    wg_graph *graph = wg_graph_of(tape);
    assert_non_null(graph);
    assert_int_equal(graph->n_nodes, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < graph->n_nodes; i++)
        assert_string_equal(graph->node[i].options, expected[i]);
    wg_graph_destroy(graph);
    wg_free(x), wg_free(image), wg_free(kernel);
    assert_no_error();
}

/* What an op names lies within its params, and so does every op of the list that has params or is made of others. */
static void params_are_within_their_struct(void **state)
{
    (void)state;
    static const size_t size[] = {[WG_PARAM_REAL] = 8,  [WG_PARAM_INT] = 4,  [WG_PARAM_INT64] = 8, [WG_PARAM_BOOL] = 1,
                                  [WG_PARAM_PAIR] = 16, [WG_PARAM_AXES] = 1, [WG_PARAM_DTYPE] = 4};
    size_t named = 0;
    for (size_t i = 0; i < wg_op_count(); i++) {
        const struct wg_op *op = wg_op_at(i);
        for (int k = 0; k < op->n_param; k++)
            assert_true(op->param[k].name && op->param[k].offset + size[op->param[k].type] <= op->params_size);
        named += op->n_param > 0;
    }
    assert_true(named > 60);
}

static void a_failed_allocation_leaves_nothing(void **state)
{
    (void)state;
    WG_TAPE(tape);
    assert_int_equal(wg_section_push("part", .kind = "test"), WG_OK);
    wg_tensor *t = wg_ones(WG_F32, WG_SHAPE(3));
    assert_int_equal(wg_set_name(t, "t"), WG_OK);
    for (int i = 0; i < 100; i++)
        t = wg_tanh(t);
    wg_section_pop();
    wg_graph *graph = NULL;
    int64_t at = 0;
    for (; !graph; at++) {
        wg_memory_fail(at, false);
        graph = wg_graph_of(tape);
        wg_memory_fail(-1, false);
        if (!graph)
            assert_error(WG_E_MEMORY, "graph_of: ");
    }
    assert_true(at > 8);
    assert_sound(graph);
    wg_graph_destroy(graph);
    assert_no_error();
}

static void misuse_is_an_error(void **state)
{
    (void)state;
    assert_null(wg_graph_of(NULL));
    assert_error(WG_E_NULL, "graph_of: expected a tape, got NULL");
    wg_tape *tape = wg_tape_open();
    assert_int_equal(wg_tape_close(tape), WG_OK);
    assert_null(wg_graph_of(tape));
    assert_error(WG_E_DANGLING, "graph_of: the tape is closed");
    assert_int_equal(wg_section_push("a", .kind = NULL), WG_E_NULL);
    assert_error(WG_E_NULL, "section_push: ");
}

/* ---- between two tensors ---- */

static const char *found_between(const wg_tensor *from, const wg_tensor *to)
{
    const char *const names[] = {"exp", "sin"}, *found = "?";
    assert_int_equal(wg_graph_find_between(from, to, names, 2, &found), WG_OK);
    return found ? found : "none";
}

/* Only what depends on the one and leads to the other counts; of two, the one recorded first. */
static void an_op_is_found_on_the_way_alone(void **state)
{
    (void)state;
    wg_tensor *x = wg_set_requires_grad(wg_ones(WG_F32, WG_SHAPE(3)), true),
              *w = wg_set_requires_grad(wg_ones(WG_F32, WG_SHAPE(3)), true);
    WG_TAPE(tape);
    wg_tensor *of_w = wg_exp(w), *of_x = wg_tanh(x), *aside = wg_sin(of_x), *y = wg_mul(of_x, of_w), *z = wg_exp(wg_sin(y));
    assert_string_equal(found_between(x, y), "none"); /* exp is of w, sin leads elsewhere */
    assert_string_equal(found_between(w, y), "exp");
    assert_string_equal(found_between(x, aside), "sin");
    assert_string_equal(found_between(x, z), "sin");
    assert_string_equal(found_between(w, z), "exp");
    assert_string_equal(found_between(of_w, z), "sin"); /* behind of_w */
    assert_string_equal(found_between(z, x), "none");   /* backwards, nothing */
    assert_string_equal(found_between(y, y), "none");
    assert_string_equal(found_between(x, wg_mul(of_x, wg_detach(aside))), "none"); /* no gradient flows there */
    assert_string_equal(found_between(wg_full(WG_F32, WG_SHAPE(3), 1), z), "none");
    const char *found;
    assert_int_equal(wg_graph_find_between(x, z, NULL, 0, &found), WG_OK);
    assert_null(found);
    wg_free(x), wg_free(w);
    assert_no_error();
}

/* From a leaf of the caller's, and from a leaf on the tape below, through both tapes. */
static void an_op_is_found_through_tapes(void **state)
{
    (void)state;
    wg_tensor *x = wg_set_requires_grad(wg_ones(WG_F32, WG_SHAPE(3)), true);
    WG_TAPE(below);
    wg_tensor *point = wg_set_requires_grad(wg_detach(x), true), *h = wg_mul(wg_exp(x), point), *other = wg_sin(point);
    WG_TAPE(above);
    wg_tensor *y = wg_tanh(h), *z = wg_sin(y);
    assert_string_equal(found_between(x, y), "exp");
    assert_string_equal(found_between(point, y), "none");
    assert_string_equal(found_between(point, z), "sin");
    assert_string_equal(found_between(point, other), "sin"); /* both are below */
    assert_string_equal(found_between(y, h), "none");
    wg_free(x);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_say_what_they_are),
        TEST(saved_bytes_count_once),
        TEST(constants_and_values_of_a_tape_below),
        TEST(sections_have_the_kinds_of_modules),
        TEST(a_chain_of_views_has_one_base),
        TEST(a_failed_allocation_leaves_nothing),
        TEST(misuse_is_an_error),
        TEST(elements_of_strided_tensors),
        TEST(elements_of_dropped_and_released_values),
        TEST(memory_of_second_operands),
        TEST(options_of_ops_are_text),
        TEST(params_are_within_their_struct),
        TEST(an_op_is_found_on_the_way_alone),
        TEST(an_op_is_found_through_tapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
