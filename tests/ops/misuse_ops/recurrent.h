/* The cells of recurrent networks. */

static wg_tensor *units(int64_t rows, int64_t columns)
{
    return made(wg_zeros(WG_F32, WG_SHAPE(rows, columns)));
}

static void misuse_lstm_cell(void)
{
    wg_tensor *x = units(2, 8), *c = units(2, 2);
    REFUSED("lstm_cell", wg_lstm_cell(bad, x, c));
    REFUSED_BUT_NONE("lstm_cell", wg_lstm_cell(x, bad, c));
    REFUSED("lstm_cell", wg_lstm_cell(x, x, bad));
    assert_null_and_error(wg_lstm_cell(fx.y, WG_NONE, c), WG_E_SHAPE, "lstm_cell: expected a first operand (…,4H)");
    assert_null_and_error(wg_lstm_cell(fx.scalar, WG_NONE, c), WG_E_SHAPE, "lstm_cell: expected a first operand (…,4H)");
    assert_null_and_error(wg_lstm_cell(x, units(1, 8), c), WG_E_SHAPE,
                          "lstm_cell: expected x and s (…,4H) and c (…,H): f32 [2, 8] x f32 [1, 8] x f32 [2, 2]");
    assert_null_and_error(wg_lstm_cell(x, x, units(2, 1)), WG_E_SHAPE, "lstm_cell: ");
    assert_null_and_error(wg_lstm_cell(x, x, fx.wide), WG_E_DTYPE, "lstm_cell: ");
}

static void misuse_lstm_cell_grad(void)
{
    wg_tensor *gates = units(2, 8), *c = units(2, 2), *gx = fx.x, *gc = fx.x;
    REFUSED_STATUS("lstm_cell_grad", wg_lstm_cell_grad(bad, c, c, c, c, &gx, &gc));
    REFUSED_STATUS("lstm_cell_grad", wg_lstm_cell_grad(gates, bad, c, c, c, &gx, &gc));
    REFUSED_STATUS("lstm_cell_grad", wg_lstm_cell_grad(gates, c, bad, c, c, &gx, &gc));
    REFUSED_STATUS("lstm_cell_grad", wg_lstm_cell_grad(gates, c, c, bad, c, &gx, &gc));
    REFUSED_STATUS("lstm_cell_grad", wg_lstm_cell_grad(gates, c, c, c, bad, &gx, &gc));
    assert_fails(wg_lstm_cell_grad(c, c, c, c, c, &gx, &gc), WG_E_SHAPE, "lstm_cell_grad: expected a first operand (…,4H)");
    assert_fails(wg_lstm_cell_grad(gates, c, gates, c, c, &gx, &gc), WG_E_SHAPE, "f32 [2, 8] x f32 [2, 2] x f32 [2, 8]");
    assert_fails(wg_lstm_cell_grad(gates, c, c, c, fx.wide, &gx, &gc), WG_E_DTYPE, "lstm_cell_grad: ");
}

static void misuse_lstm(void)
{
    wg_tensor *x = made(wg_zeros(WG_F32, WG_SHAPE(3, 2, 8))), *w = units(8, 2), *h = units(2, 2);
    REFUSED("lstm", wg_lstm(bad, w, h, h));
    REFUSED("lstm", wg_lstm(x, bad, h, h));
    REFUSED_BUT_NONE("lstm", wg_lstm(x, w, bad, h));
    REFUSED("lstm", wg_lstm(x, w, h, bad));
    assert_null_and_error(wg_lstm(w, w, h, h), WG_E_SHAPE, "lstm: expected a first operand (…,4H)");
    assert_null_and_error(wg_lstm(units(2, 8), w, h, h), WG_E_SHAPE, "lstm: expected x (T,B,4H), w (4H,H), and h and c (B,H)");
    assert_null_and_error(wg_lstm(x, units(2, 8), h, h), WG_E_SHAPE, "f32 [3, 2, 8] x f32 [2, 8] x f32 [2, 2] x f32 [2, 2]");
    assert_null_and_error(wg_lstm(x, w, h, units(3, 2)), WG_E_SHAPE, "lstm: ");
    assert_null_and_error(wg_lstm(x, w, units(1, 2), h), WG_E_SHAPE, "lstm: ");
    assert_null_and_error(wg_lstm(made(wg_zeros(WG_F32, WG_SHAPE(0, 2, 8))), w, h, h), WG_E_SHAPE,
                          "lstm: expected a sequence of at least one step");
    assert_null_and_error(wg_lstm(x, w, h, fx.wide), WG_E_DTYPE, "lstm: ");
}

static void misuse_lstm_grad(void)
{
    wg_tensor *gates = made(wg_zeros(WG_F32, WG_SHAPE(3, 2, 8))), *y = made(wg_zeros(WG_F32, WG_SHAPE(3, 2, 2)));
    wg_tensor *w = units(8, 2), *c = units(2, 2), *gx = fx.x, *gh = fx.x, *gc = fx.x;
    REFUSED_STATUS("lstm_grad", wg_lstm_grad(bad, y, c, w, y, y, false, &gx, &gh, &gc));
    REFUSED_STATUS("lstm_grad", wg_lstm_grad(gates, bad, c, w, y, y, false, &gx, &gh, &gc));
    REFUSED_STATUS("lstm_grad", wg_lstm_grad(gates, y, bad, w, y, y, false, &gx, &gh, &gc));
    REFUSED_STATUS("lstm_grad", wg_lstm_grad(gates, y, c, bad, y, y, false, &gx, &gh, &gc));
    REFUSED_STATUS("lstm_grad", wg_lstm_grad(gates, y, c, w, bad, y, false, &gx, &gh, &gc));
    REFUSED_STATUS_BUT_NONE("lstm_grad", wg_lstm_grad(gates, y, c, w, y, bad, false, &gx, &gh, &gc));
    assert_fails(wg_lstm_grad(gates, y, c, c, y, y, false, &gx, &gh, &gc), WG_E_SHAPE, "lstm_grad: expected gates (T,B,4H)");
    assert_fails(wg_lstm_grad(gates, gates, c, w, y, y, false, &gx, &gh, &gc), WG_E_SHAPE, "f32 [3, 2, 8] x f32 [3, 2, 8]");
    assert_fails(wg_lstm_grad(gates, y, c, w, y, fx.wide, false, &gx, &gh, &gc), WG_E_DTYPE, "lstm_grad: ");
}

static void misuse_gru_cell(void)
{
    wg_tensor *x = units(2, 6), *h = units(2, 2);
    REFUSED("gru_cell", wg_gru_cell(bad, x, h));
    REFUSED_BUT_NONE("gru_cell", wg_gru_cell(x, bad, h));
    REFUSED("gru_cell", wg_gru_cell(x, x, bad));
    assert_null_and_error(wg_gru_cell(h, WG_NONE, h), WG_E_SHAPE, "gru_cell: expected a first operand (…,3H)");
    assert_null_and_error(wg_gru_cell(x, x, units(1, 2)), WG_E_SHAPE, "gru_cell: expected x and s (…,3H) and h (…,H)");
    assert_null_and_error(wg_gru_cell(x, x, fx.wide), WG_E_DTYPE, "gru_cell: ");
}

static void misuse_gru_cell_grad(void)
{
    wg_tensor *gates = units(2, 8), *h = units(2, 2), *gx = fx.x, *gs = fx.x, *gh = fx.x;
    REFUSED_STATUS("gru_cell_grad", wg_gru_cell_grad(bad, h, h, &gx, &gs, &gh));
    REFUSED_STATUS("gru_cell_grad", wg_gru_cell_grad(gates, bad, h, &gx, &gs, &gh));
    REFUSED_STATUS("gru_cell_grad", wg_gru_cell_grad(gates, h, bad, &gx, &gs, &gh));
    assert_fails(wg_gru_cell_grad(h, h, h, &gx, &gs, &gh), WG_E_SHAPE, "gru_cell_grad: expected a first operand (…,4H)");
    assert_fails(wg_gru_cell_grad(gates, h, gates, &gx, &gs, &gh), WG_E_SHAPE, "gru_cell_grad: expected gates (…,4H)");
    assert_fails(wg_gru_cell_grad(gates, fx.wide, h, &gx, &gs, &gh), WG_E_DTYPE, "gru_cell_grad: ");
}
