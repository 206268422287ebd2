"""What one run tells: collected from MLflow, Git and this machine into facts."""
