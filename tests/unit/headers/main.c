/* Links one object per public header: nothing in them defines the same name twice. */
int main(void)
{
    return 0;
}
