"""`python -m tools.content_mutation` (`make mutate`)."""

from tools.content_mutation.run import main

if __name__ == "__main__":
    main()
